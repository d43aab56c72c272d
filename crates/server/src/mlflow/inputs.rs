//! What a run takes in and gives out: datasets and models.
//!
//! Invariants: a dataset becomes a version in the library, so that lineage and filters know it, and a document keeps
//! what the library has no place for; of two inputs with one name and digest the first counts.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use mltrack::{Document, EdgeKind, NodeRef, RunId, Split, Tracker};
use serde_json::{Map, Value, json};

use super::check::{self, about_run};
use super::error::{Answer, MlflowError};
use super::message::Message;
use super::wire::RunIo;
use super::{endpoint, wire};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// The kind of the documents that keep what clients said about datasets that runs took in.
pub const INPUT: &str = "mlflow.input";
/// The kind of the documents that keep models which runs took in or gave out.
pub const MODEL_IO: &str = "mlflow.model_io";
/// What stands before a digest of this interface where the library wants its kind.
pub const DIGEST_KIND: &str = "mlflow";
const INPUTS_MAX: usize = 1000;
/// The tag of an input that says what the run did with it.
pub const CONTEXT: &str = "mlflow.data.context";

/// The fields of a dataset: name, whether it must be there, and its most characters.
const DATASET: [(&str, bool, usize); 6] = [
    ("name", true, 500),
    ("digest", true, 36),
    ("source_type", true, usize::MAX),
    ("source", true, 65_535),
    ("schema", false, 1_048_575),
    ("profile", false, 16_777_215),
];

/// The routes of inputs and outputs.
pub fn routes() -> Router<Shared> {
    let router = endpoint(
        Router::new(),
        "/2.0/mlflow/runs/log-inputs",
        post(log_inputs),
    );
    endpoint(router, "/2.0/mlflow/runs/outputs", post(log_outputs))
}

/// What a run takes in and gives out, as the wire has it.
#[derive(Debug, Default)]
pub struct Known {
    inputs: Option<Value>,
    outputs: Option<Value>,
}

impl Known {
    /// For [`wire::run_json`].
    pub fn io(&self) -> RunIo<'_> {
        RunIo {
            inputs: self.inputs.as_ref(),
            outputs: self.outputs.as_ref(),
            is_new: false,
        }
    }
}

/// What a run takes in and gives out.
pub fn of_run(shared: &Shared, id: RunId) -> Answer<Known> {
    let prefix = format!("{id}/");
    let kept = |kind| {
        shared
            .tracker()
            .documents(kind)
            .list(&prefix, None, usize::MAX)
    };
    let datasets: Vec<Value> = kept(INPUT)?.iter().filter_map(body).collect();
    let (mut taken, mut given) = (Vec::new(), Vec::new());
    for document in kept(MODEL_IO)? {
        let is_output = document.id.starts_with(&format!("{prefix}out/"));
        let list = if is_output { &mut given } else { &mut taken };
        list.extend(body(&document));
    }
    let mut inputs = Map::new();
    let lists = [("dataset_inputs", datasets), ("model_inputs", taken)];
    for (name, list) in lists {
        if !list.is_empty() {
            inputs.insert(name.to_owned(), Value::from(list));
        }
    }
    Ok(Known {
        inputs: Some(Value::from(inputs)),
        outputs: (!given.is_empty()).then(|| json!({"model_outputs": given})),
    })
}

fn body(document: &Document) -> Option<Value> {
    serde_json::from_str(&document.body).ok()
}

async fn log_inputs(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = run_of(&shared, &fields)?;
        let datasets = fields.list("datasets")?;
        let datasets = datasets.into_iter().map(Input::of);
        let datasets: Vec<Input> = datasets.collect::<Answer<_>>()?;
        if datasets.len() > INPUTS_MAX {
            return Err(MlflowError::invalid(format!(
                "A request can contain at most {INPUTS_MAX} datasets. Got {}.",
                datasets.len()
            )));
        }
        add_datasets(shared.tracker(), id, datasets)?;
        let models = fields.list("models")?;
        add_models(shared.tracker(), id, "in", &models)?;
        Ok(wire::nothing())
    })
    .await
}

async fn log_outputs(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = run_of(&shared, &fields)?;
        let models = fields.list("models")?;
        if models.is_empty() {
            return Err(MlflowError::required("models"));
        }
        add_models(shared.tracker(), id, "out", &models)?;
        Ok(wire::nothing())
    })
    .await
}

/// The run of a request, which must not be deleted.
fn run_of(shared: &Shared, fields: &Fields) -> Answer<RunId> {
    let text = check::run_id_text(fields)?;
    check::run_id_form(text)?;
    let id = check::parse_run_id(text)?;
    let run = shared.tracker().remote_run(id);
    run.map_err(|error| about_run(id, error))?;
    Ok(id)
}

/// A dataset as a request has it.
struct Input {
    dataset: Map<String, Value>,
    tags: Vec<(String, String)>,
}

impl Input {
    fn of(entry: &Value) -> Answer<Input> {
        let given = entry.get("dataset").filter(|given| given.is_object());
        let given = given.ok_or_else(|| MlflowError::invalid("Dataset cannot be None"))?;
        let mut dataset = Map::new();
        for (name, is_required, len_max) in DATASET {
            let value = match given.get(name) {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text.as_str()),
                Some(other) => return Err(check::wrong_type(&format!("dataset.{name}"), other)),
            };
            let Some(text) = value.filter(|text| !text.is_empty()) else {
                if is_required {
                    return Err(MlflowError::required(&format!("dataset.{name}")));
                }
                continue;
            };
            check::length(name, text, len_max)?;
            dataset.insert(name.to_owned(), Value::from(text));
        }
        Ok(Input {
            dataset,
            tags: tags_of(entry)?,
        })
    }

    fn text(&self, name: &str) -> &str {
        self.dataset
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn key(&self) -> (String, String) {
        (self.text("name").to_owned(), self.text("digest").to_owned())
    }

    /// What the run does with it.
    fn split(&self) -> Split {
        let context = self.tags.iter().find(|(key, _)| key == CONTEXT);
        match context.map(|(_, context)| context.as_str()) {
            Some("val" | "valid" | "validation" | "eval") => Split::Validation,
            Some("test" | "testing") => Split::Test,
            // The document keeps the word itself.
            _ => Split::Train,
        }
    }

    fn document(&self) -> Value {
        let tags = self.tags.iter();
        let tags: Vec<Value> = tags
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect();
        if tags.is_empty() {
            return json!({"dataset": self.dataset});
        }
        json!({"tags": tags, "dataset": self.dataset})
    }
}

fn tags_of(entry: &Value) -> Answer<Vec<(String, String)>> {
    let Some(Value::Array(tags)) = entry.get("tags") else {
        return Ok(Vec::new());
    };
    let tags = tags.iter().enumerate();
    let tags = tags.map(|(at, tag)| {
        let (key, value) = check::pair("tags", at, tag)?;
        check::length("key", key, 255)?;
        check::length("value", value, 500)?;
        Ok((key.to_owned(), value.to_owned()))
    });
    tags.collect()
}

fn add_datasets(tracker: &Tracker, id: RunId, inputs: Vec<Input>) -> Answer<()> {
    if inputs.is_empty() {
        return Ok(());
    }
    let documents = tracker.documents(INPUT);
    let known = documents.list(&format!("{id}/"), None, usize::MAX)?;
    let text = |value: &Value, name: &str| value["dataset"][name].as_str().map(str::to_owned);
    let mut keys: Vec<(String, String)> = known
        .iter()
        .filter_map(body)
        .filter_map(|value| Some((text(&value, "name")?, text(&value, "digest")?)))
        .collect();
    let mut new = Vec::new();
    for input in inputs {
        let key = input.key();
        if keys.contains(&key) {
            continue;
        }
        // The hash keeps two that are added at the same time apart, the number keeps their order.
        let hash = blake3::hash(format!("{}\0{}", key.0, key.1).as_bytes()).to_hex();
        let place = format!("{id}/{:06}-{}", keys.len(), &hash[..16]);
        new.push((place, input.document().to_string()));
        keys.push(key);
        use_dataset(tracker, id, &input)?;
    }
    if !new.is_empty() {
        documents.put_many(new)?;
    }
    Ok(())
}

/// Makes the dataset and its version known to the library, unless its rules for names are stricter.
fn use_dataset(tracker: &Tracker, run: RunId, input: &Input) -> Answer<()> {
    let (name, digest) = input.key();
    let made = tracker.new_dataset(&name).get_or_create();
    let dataset = match made {
        Ok(dataset) => dataset,
        Err(error) if error.code() == mltrack::Code::ValidationError => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let digest = format!("{DIGEST_KIND}:{digest}");
    let version = dataset.version().reference(input.text("source"), digest);
    let number = version.add()?.number;
    tracker.use_dataset(run, &format!("{name}@v{number}"), &input.split())?;
    Ok(())
}

/// Links models to a run; `way` is `in` or `out`.
fn add_models(tracker: &Tracker, id: RunId, way: &str, models: &[&Value]) -> Answer<()> {
    let mut new = Vec::new();
    for (at, model) in models.iter().enumerate() {
        let name = format!("models[{at}].model_id");
        let model_id = model.get("model_id").and_then(Value::as_str);
        let model_id = model_id.filter(|model_id| !model_id.is_empty());
        let model_id = model_id.ok_or_else(|| MlflowError::required(&name))?;
        let mut entry = json!({"model_id": model_id});
        if way == "out" {
            entry["step"] = Value::from(model.get("step").and_then(Value::as_i64).unwrap_or(0));
        }
        new.push((format!("{id}/{way}/{model_id}"), entry.to_string()));
        let outside = NodeRef::External(format!("mlflow-model:{model_id}"));
        let run = NodeRef::Run(id.key());
        let (from, to, kind) = if way == "out" {
            (&run, &outside, EdgeKind::Produces)
        } else {
            (&outside, &run, EdgeKind::UsesModel)
        };
        tracker.link(from, to, kind)?;
    }
    if !new.is_empty() {
        tracker.documents(MODEL_IO).put_many(new)?;
    }
    Ok(())
}
