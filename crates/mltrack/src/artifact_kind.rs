//! What an artifact is for, from its name, where nobody said.
//!
//! Invariant: a guess only sorts a list; whoever logs the artifact can always say it instead.

use mltrack_event::ArtifactKind;

/// What a file is that nothing else is known about.
const FILE: &str = "file";

/// Endings of models.
const MODELS: [&str; 11] = [
    "pt",
    "pth",
    "onnx",
    "safetensors",
    "gguf",
    "keras",
    "tflite",
    "joblib",
    "pb",
    "mlmodel",
    "bst",
];
const DATA: [&str; 9] = [
    "csv", "tsv", "parquet", "arrow", "feather", "npy", "npz", "tfrecord", "jsonl",
];
const CONFIGS: [&str; 5] = ["yaml", "yml", "toml", "ini", "cfg"];
const REPORTS: [&str; 4] = ["md", "pdf", "html", "ipynb"];

/// The kind of an artifact under this path with this media type.
pub(crate) fn kind_of(path: &str, media_type: &str) -> ArtifactKind {
    let path = path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_checkpoint = |part: &str| part.starts_with("ckpt") || part.starts_with("checkpoint");
    if ending == "ckpt" || path.split('/').any(is_checkpoint) {
        return ArtifactKind::Checkpoint;
    }
    match ending {
        _ if MODELS.contains(&ending) => ArtifactKind::Model,
        _ if DATA.contains(&ending) => ArtifactKind::Dataset,
        _ if CONFIGS.contains(&ending) || name.starts_with("config") => ArtifactKind::Config,
        "log" | "out" | "err" => ArtifactKind::Log,
        _ if media_type.starts_with("image/") || media_type.starts_with("video/") => {
            ArtifactKind::Visualization
        }
        _ if REPORTS.contains(&ending) || name.starts_with("report") => ArtifactKind::Report,
        _ => ArtifactKind::Custom(FILE.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact_media::media_type;

    #[test]
    fn a_kind_is_guessed_from_the_name() {
        for (path, expected) in [
            ("model.pt", ArtifactKind::Model),
            ("ckpt/17.pt", ArtifactKind::Checkpoint),
            ("run/Checkpoint-500/optimizer.bin", ArtifactKind::Checkpoint),
            ("data/train.parquet", ArtifactKind::Dataset),
            ("config.json", ArtifactKind::Config),
            ("a.yaml", ArtifactKind::Config),
            ("loss.png", ArtifactKind::Visualization),
            ("train.log", ArtifactKind::Log),
            ("report.html", ArtifactKind::Report),
            ("notes", ArtifactKind::Custom("file".into())),
        ] {
            assert_eq!(kind_of(path, media_type(path, b"")), expected, "{path}");
        }
    }
}
