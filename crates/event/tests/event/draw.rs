//! Where the fields of an event come from: what the golden files hold, or chance.
//!
//! Invariant: what is drawn for a sample never changes.

use mltrack_event::*;
use proptest::prelude::*;
use proptest::test_runner::TestRng;

/// Where the fields of an event come from.
pub enum Draw {
    /// The sample of this number: it chooses variants, options and how long lists are.
    Sample(usize),
    Chance(Box<TestRng>),
}

impl Draw {
    pub fn below(&mut self, count: usize) -> usize {
        match self {
            Draw::Sample(number) => *number % count,
            Draw::Chance(rng) => rng.next_u64() as usize % count,
        }
    }

    pub fn number(&mut self, sample: u64) -> u64 {
        match self {
            Draw::Sample(_) => sample,
            Draw::Chance(rng) => rng.next_u64() >> (rng.next_u64() % 64),
        }
    }

    pub fn bytes<const LEN: usize>(&mut self, sample: u8) -> [u8; LEN] {
        let mut bytes = [sample; LEN];
        if let Draw::Chance(rng) = self {
            rng.fill_bytes(&mut bytes);
        }
        bytes
    }

    pub fn text(&mut self, sample: &str) -> String {
        match self {
            Draw::Sample(_) => sample.to_owned(),
            Draw::Chance(rng) => (0..rng.next_u64() % 12)
                .filter_map(|_| char::from_u32(rng.next_u32() >> 8 & 0x1f_ffff))
                .collect(),
        }
    }

    /// Something in the first sample, nothing in the second.
    pub fn maybe<T>(&mut self, draw: impl FnOnce(&mut Draw) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| draw(self))
    }

    /// Two in the first sample, one in the second, none in the third.
    pub fn many<T>(&mut self, mut draw: impl FnMut(&mut Draw, u8) -> T) -> Vec<T> {
        let count = 2 - self.below(3) as u8;
        (0..count).map(|at| draw(self, at)).collect()
    }

    /// JSON text, or none in the second sample.
    pub fn json(&mut self, sample: &str) -> String {
        self.maybe(|draw| draw.text(sample)).unwrap_or_default()
    }

    pub fn tags(&mut self) -> Vec<(String, String)> {
        let tags = [("gold", ""), ("paper", "v2")];
        self.many(|draw, at| {
            let (key, value) = tags[usize::from(at)];
            (draw.text(key), draw.text(value))
        })
    }

    pub fn texts(&mut self, samples: [&str; 2]) -> Vec<String> {
        self.many(|draw, at| draw.text(samples[usize::from(at)]))
    }

    pub fn run(&mut self) -> RunKey {
        match self {
            Draw::Sample(_) => crate::samples::run_id().key(),
            Draw::Chance(_) => RunKey::from_bytes(self.bytes(0)),
        }
    }

    pub fn artifact(&mut self, sample: u8) -> ArtifactId {
        ArtifactId::from_bytes(self.bytes(sample))
    }

    pub fn artifacts(&mut self) -> Vec<ArtifactId> {
        self.many(|draw, at| draw.artifact(0xa0 + at))
    }

    pub fn blob(&mut self, sample: u8) -> BlobId {
        BlobId::from_bytes(self.bytes(sample))
    }

    pub fn dataset(&mut self) -> DatasetId {
        DatasetId::from_bytes(self.bytes(0xda))
    }

    pub fn model(&mut self) -> ModelId {
        ModelId::from_bytes(self.bytes(0x0d))
    }

    pub fn kind(&mut self) -> ArtifactKind {
        match ArtifactKind::WORDS.get(self.below(8)) {
            Some(word) => ArtifactKind::from(*word),
            None => ArtifactKind::Custom(self.text("tokenizer")),
        }
    }

    pub fn split(&mut self) -> Split {
        match Split::WORDS.get(self.below(4)) {
            Some(word) => Split::from(*word),
            None => Split::Custom(self.text("holdout")),
        }
    }

    pub fn node(&mut self) -> NodeRef {
        match self.below(10) {
            0 => NodeRef::Experiment(ExperimentId(self.number(300))),
            1 => NodeRef::Run(self.run()),
            2 => NodeRef::Dataset(self.dataset()),
            3 => NodeRef::DatasetVersion(self.dataset(), self.number(3)),
            4 => NodeRef::Model(self.model()),
            5 => NodeRef::ModelVersion(self.model(), self.number(251)),
            6 => NodeRef::Artifact(self.artifact(0xa1)),
            7 => NodeRef::Metric(self.run(), self.text("loss")),
            8 => NodeRef::Transformation(self.text("dedup")),
            _ => NodeRef::External(self.text("s3://bucket/raw.csv")),
        }
    }

    pub fn edge(&mut self) -> EdgeKind {
        let kinds = [
            EdgeKind::Contains,
            EdgeKind::UsesDataset,
            EdgeKind::UsesModel,
            EdgeKind::UsesArtifact,
            EdgeKind::Produces,
            EdgeKind::DerivedFrom,
            EdgeKind::Evaluates,
            EdgeKind::Transforms,
            EdgeKind::Reproduces,
        ];
        kinds[self.below(kinds.len())]
    }
}
