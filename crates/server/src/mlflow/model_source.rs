//! What a version that a client adds is made from: its source, checked, and the run and the logged model behind it.
//!
//! Invariant: no source leads to files of this machine.

use mltrack::{RunId, RunKey};

use super::logged_model::{self, LoggedModel};
use super::model_place::{Told, download_uri};
use super::registry_wire::{is_prompt, live, versions};
use super::wire::artifact_uri;
use super::{Answer, MlflowError, Reason, check, runs};
use crate::fields::Fields;
use crate::shared::Shared;

/// What the versions of prompts say they are made from: nothing.
const PROMPT_SOURCES: [&str; 2] = ["dummy-source", "prompt-template"];
/// A source is at most so long, in characters: what is escaped again and again takes as many looks as it is long.
const SOURCE_LEN_MAX: usize = 4_096;

/// What a version is made from.
#[derive(Debug, Default)]
pub struct Origin {
    /// Its source.
    pub source: String,
    /// The run that made it, if the store knows it.
    pub run: Option<RunKey>,
    /// What else was told.
    pub told: Told,
}

/// The origin of a version to be added.
pub fn origin(shared: &Shared, fields: &Fields, is_of_prompt: bool) -> Answer<Origin> {
    let source = fields.text("source")?;
    check::length("source", source, SOURCE_LEN_MAX)?;
    let text = |name| Ok::<_, MlflowError>(fields.optional_text(name)?.unwrap_or_default());
    let mut told = Told {
        run_id: text("run_id")?.to_owned(),
        run_link: text("run_link")?.to_owned(),
        model_id: text("model_id")?.to_owned(),
        storage_location: String::new(),
    };
    let mut source = source.to_owned();
    if is_of_prompt {
        if !PROMPT_SOURCES.contains(&source.as_str()) {
            return Err(MlflowError::invalid(format!(
                "Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder."
            )));
        }
    } else {
        check_path(&source)?;
        match scheme(&source) {
            Some("models") => source = of_model(shared, &source, &mut told)?,
            Some("runs") => of_run(&source, &mut told)?,
            Some(_) if is_behind_proxy(&source) => of_proxy(shared, &source, &told)?,
            Some(_) => {}
            None => of_folder(shared, &source, &told)?,
        }
    }
    if !is_of_prompt && !told.model_id.is_empty() {
        of_logged_model(shared, &source, &mut told)?;
    }
    let run = known_run(shared, &told.run_id)?;
    if run.is_some() {
        told.run_id.clear();
    }
    Ok(Origin { source, run, told })
}

/// The scheme of a URI; `None` for a path, and for what leads to files of a machine.
fn scheme(source: &str) -> Option<&str> {
    let (scheme, _) = source.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (is_scheme && !scheme.eq_ignore_ascii_case("file")).then_some(scheme)
}

/// A folder of a machine is that of the logged model or of the run that the request names, where clients keep
/// artifacts in folders themselves. Nothing here reads it.
fn of_folder(shared: &Shared, source: &str, told: &Told) -> Answer<()> {
    let field = if told.model_id.is_empty() {
        "run_id"
    } else {
        "model_id"
    };
    let root = root_of(shared, told).unwrap_or_default();
    let is_its = root.is_some_and(|root| match (folder(source), folder(&root)) {
        (Some(source), Some(root)) => !root.is_empty() && source.starts_with(&root),
        _ => false,
    });
    if is_its {
        return Ok(());
    }
    Err(MlflowError::invalid(format!(
        "Invalid model version source: '{source}'. To use a local path as a model version source, the {field} request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the {field}."
    )))
}

/// The parts of a path of a machine, which begins at its root and does not climb; `None` for everything else.
fn folder(place: &str) -> Option<Vec<String>> {
    let path = match place.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => {
            rest.strip_prefix("//").unwrap_or(rest)
        }
        _ => place,
    };
    let path = plain(path.strip_prefix('/')?);
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let climbs = |part: &String| part == ".." || part == "." || part.contains(['\0', '\\']);
    (!parts.iter().any(climbs)).then_some(parts)
}

/// Where the artifacts of the logged model or of the run are that a request names; `None` where it names none, or a
/// model that was logged elsewhere.
fn root_of(shared: &Shared, told: &Told) -> Answer<Option<String>> {
    if !told.model_id.is_empty() {
        let known = shared.tracker().documents(logged_model::KIND);
        let document = known.get(&told.model_id)?;
        let root = document.map(|document| Ok(LoggedModel::of(&document)?.artifact_uri));
        return root.transpose();
    }
    if told.run_id.is_empty() {
        return Ok(None);
    }
    let id = check::parse_run_id(&told.run_id)?;
    let run = runs::summary(shared, id)?;
    let location = runs::location(shared, &run)?;
    Ok(Some(artifact_uri(&location, &told.run_id)))
}

/// Refuses a source that climbs out of where it seems to be, however often its letters are escaped.
fn check_path(source: &str) -> Answer<()> {
    if scheme(source).is_none() {
        return Ok(());
    }
    let plain = plain(source);
    let is_climbing = plain.split('/').any(|part| matches!(part, ".." | "."));
    // A bucket or a host alone is no place of a model.
    let (_, place) = plain.split_once(':').unwrap_or_default();
    let is_whole = match place.strip_prefix("//") {
        Some(rest) => rest.trim_end_matches('/').contains('/'),
        None => !place.trim_matches('/').is_empty(),
    };
    if is_whole && !is_climbing && !plain.contains('\0') {
        return Ok(());
    }
    Err(MlflowError::invalid(format!(
        "Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path."
    )))
}

fn foreign(source: &str, field: &str) -> MlflowError {
    MlflowError::invalid(format!(
        "Invalid model version source: '{source}'. The {field} request parameter must identify the resource that contains the source."
    ))
}

/// `runs:/<run id>/<path>`: the run is that of the request, or the one that the source names.
fn of_run(source: &str, told: &mut Told) -> Answer<()> {
    let path = source.trim_start_matches("runs:").trim_start_matches('/');
    let run_id = path.split('/').next().unwrap_or_default();
    if told.run_id.is_empty() {
        run_id.clone_into(&mut told.run_id);
    }
    if run_id.is_empty() || told.run_id != run_id {
        return Err(foreign(source, "run_id"));
    }
    Ok(())
}

/// Whether a source is behind a proxy of artifacts, this server's or another's.
fn is_behind_proxy(source: &str) -> bool {
    let (scheme, _, parts) = parts(source);
    let route = ["api", "2.0", "mlflow-artifacts", "artifacts"];
    let has_route = || parts.windows(route.len()).any(|part| part == route);
    scheme == "mlflow-artifacts" || (matches!(scheme.as_str(), "http" | "https") && has_route())
}

/// A place behind a proxy is that of the logged model or of the run that the request names, if it names one.
fn of_proxy(shared: &Shared, source: &str, told: &Told) -> Answer<()> {
    let field = if told.model_id.is_empty() {
        "run_id"
    } else {
        "model_id"
    };
    let root = root_of(shared, told).map_err(|_| foreign(source, field))?;
    let is_its = root.is_none_or(|root| is_inside(source, &root));
    is_its.then_some(()).ok_or_else(|| foreign(source, field))
}

/// Whether a place is another one, or below it.
fn is_inside(place: &str, root: &str) -> bool {
    let (place, root) = (parts(place), parts(root));
    let is_same = (&place.0, &place.1) == (&root.0, &root.1);
    is_same && !root.2.is_empty() && place.2.starts_with(&root.2)
}

/// The scheme, the host and the folders of a place, without escapes.
fn parts(place: &str) -> (String, String, Vec<String>) {
    let (scheme, rest) = place.split_once(':').unwrap_or_default();
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
        None => ("", rest),
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let folders = path.split('/').filter(|part| !part.is_empty());
    (
        scheme.to_ascii_lowercase(),
        host.to_ascii_lowercase(),
        folders.map(plain).collect(),
    )
}

/// A text without escapes, however often it was escaped.
fn plain(text: &str) -> String {
    let mut plain = text.to_owned();
    loop {
        let decoded = percent_encoding::percent_decode_str(&plain).decode_utf8_lossy();
        if decoded == plain {
            return plain;
        }
        plain = decoded.into_owned();
    }
}

/// `models:/<model id>`, `models:/<name>/<number, stage or latest>` or `models:/<name>@<alias>`: the source as it is kept.
fn of_model(shared: &Shared, source: &str, told: &mut Told) -> Answer<String> {
    let path = source.trim_start_matches("models:").trim_start_matches('/');
    let (name, pick) = match (path.split_once('/'), path.rsplit_once('@')) {
        (Some((name, pick)), _) if !pick.is_empty() && !pick.contains('/') => (name, pick),
        (None, Some((name, alias))) if !alias.is_empty() => (name, alias),
        (None, None) if !path.is_empty() => {
            if told.model_id.is_empty() {
                path.clone_into(&mut told.model_id);
            }
            if told.model_id != path {
                return Err(foreign(source, "model_id"));
            }
            return Ok(source.to_owned());
        }
        _ => return Err(foreign(source, "model_id")),
    };
    let is_alias = !path.contains('/');
    let found = shared.tracker().with_models(|shelf| {
        let missing = || MlflowError::missing(format!("Registered Model with name={name} not found"));
        let model = shelf.named(name).ok_or_else(missing)?;
        if is_prompt(model) {
            return Err(MlflowError::invalid(format!(
                "Invalid model version source: '{source}'. Prompt versions cannot be used as model version sources."
            )));
        }
        let version = if is_alias {
            model.aliases.get(pick).and_then(|number| live(model, *number))
        } else if let Ok(number) = pick.parse() {
            live(model, number)
        } else {
            let is_it = |stage: &str| pick.eq_ignore_ascii_case("latest") || stage.eq_ignore_ascii_case(pick);
            versions(model).rfind(|version| is_it(&version.stage))
        };
        let version = version.ok_or_else(|| {
            MlflowError::missing(format!("Model Version (name={name}, version={pick}) not found"))
        })?;
        let run = version.run.and_then(|run| shelf.run(run));
        let theirs = Told::of(version);
        let run_id = run.map_or(theirs.run_id, |(run, _)| run.to_string());
        Ok((version.number, download_uri(shelf, version), run_id, theirs.model_id))
    })?;
    let (number, place, run_id, model_id) = found?;
    let differs = |given: &str, known: &str| !given.is_empty() && given != known;
    if differs(&told.run_id, &run_id) || differs(&told.model_id, &model_id) {
        return Err(MlflowError::invalid(format!(
            "Invalid model version source: '{source}'. The run_id and model_id request parameters must match the referenced model version."
        )));
    }
    told.run_id = run_id;
    told.model_id = model_id;
    told.storage_location = place;
    Ok(format!("models:/{name}/{number}"))
}

/// What the logged model tells that the request does not: the run that made it, and where its files are. One that is
/// not known was logged elsewhere.
fn of_logged_model(shared: &Shared, source: &str, told: &mut Told) -> Answer<()> {
    let documents = shared.tracker().documents(logged_model::KIND);
    let Some(document) = documents.get(&told.model_id)? else {
        return Ok(());
    };
    let model = LoggedModel::of(&document)?;
    if told.run_id.is_empty() {
        told.run_id = model.source_run_id;
    }
    if told.storage_location.is_empty() && scheme(source) == Some("models") {
        told.storage_location = model.artifact_uri;
    }
    Ok(())
}

/// The run of this id, if the store knows it.
fn known_run(shared: &Shared, run_id: &str) -> Answer<Option<RunKey>> {
    let Ok(run) = run_id.parse::<RunId>() else {
        return Ok(None);
    };
    let known = shared.tracker().with_models(|shelf| shelf.run(run.key()))?;
    Ok(known.filter(|(known, _)| *known == run).map(|_| run.key()))
}

/// An error of a version that is not there.
pub fn no_version(name: &str, number: impl std::fmt::Display) -> MlflowError {
    let text = format!("Model Version (name={name}, version={number}) not found");
    MlflowError::new(Reason::ResourceDoesNotExist, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_climbs_or_is_a_file_is_refused() {
        for source in [
            "s3://b/x/../y",
            "mlflow-artifacts:/1/%2e%2e/x",
            "http://h/a/%252e%252e/b",
        ] {
            assert!(check_path(source).is_err(), "{source}");
        }
        for source in [
            "s3://b/x/y",
            "runs:/abc/model",
            "mlflow-artifacts:/1/r/artifacts/model",
        ] {
            assert!(check_path(source).is_ok(), "{source}");
        }
        for source in ["s3://b", "s3://b/", "models:/", "mlflow-artifacts:/"] {
            assert!(check_path(source).is_err(), "{source}");
        }
        assert_eq!(scheme("s3://b"), Some("s3"));
        for source in [
            "/etc/passwd",
            "file:///etc/passwd",
            "FILE:/etc",
            "model",
            "./a:b",
        ] {
            assert_eq!(scheme(source), None, "{source}");
        }
    }

    #[test]
    fn what_is_inside_of_a_place_is_below_it_whatever_is_escaped() {
        let root = "mlflow-artifacts:/1/run/artifacts";
        for inside in ["/model", "", "/a/b%20c", "//model"] {
            assert!(is_inside(&format!("{root}{inside}"), root), "{inside}");
        }
        for outside in [
            "mlflow-artifacts:/1/run/artifacts2",
            "mlflow-artifacts:/1/other/artifacts/model",
            "mlflow-artifacts://host/1/run/artifacts/model",
            "s3:/1/run/artifacts/model",
        ] {
            assert!(!is_inside(outside, root), "{outside}");
        }
        assert!(is_behind_proxy(
            "http://h:1/x/api/2.0/mlflow-artifacts/artifacts/1"
        ));
        assert!(!is_behind_proxy("http://h:1/models/api"));
        assert!(!is_inside(root, "mlflow-artifacts:/"));
    }

    #[test]
    fn a_folder_is_told_by_its_parts_and_one_that_climbs_is_none() {
        let parts = |place| folder(place).map(|parts| parts.join("/"));
        for place in ["/a/b c", "file:///a/b%20c/", "FILE:/a//b c"] {
            assert_eq!(parts(place).as_deref(), Some("a/b c"), "{place}");
        }
        for place in [
            "a/b",
            "/a/../b",
            "file:///a/%2e%2e/b",
            "s3://a/b",
            "./a",
            "",
        ] {
            assert_eq!(parts(place), None, "{place}");
        }
    }

    #[test]
    fn a_source_of_a_run_names_the_run_and_no_other() {
        let mut told = Told::default();
        of_run("runs:/abc/model", &mut told).unwrap();
        assert_eq!(told.run_id, "abc");
        assert!(of_run("runs:/def/model", &mut told).is_err());
        assert!(of_run("runs:/", &mut Told::default()).is_err());
    }
}
