//! Which variables of the environment are recorded.
//!
//! Invariants: a variable that no entry names is never recorded; one that is named like a secret or whose value looks
//! like one is not recorded even when an entry names it, and only its name is told.

use std::ffi::OsString;

use serde_json::{Map, Value};

use crate::secrets;

/// Longest value that is recorded; longer ones are cut.
const VALUE_LEN_MAX: usize = 4096;

/// What is recorded unless the caller says otherwise: what changes how a program computes, where it was scheduled, and
/// which environment it is in. A final `*` stands for any ending.
pub const ALLOWLIST: &[&str] = &[
    "ACCELERATE_*",
    "APPTAINER_CONTAINER",
    "BLIS_NUM_THREADS",
    "CONDA_DEFAULT_ENV",
    "CONDA_PREFIX",
    "CONTAINER_IMAGE",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_ORDER",
    "CUDA_HOME",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_MODULE_LOADING",
    "CUDA_PATH",
    "CUDA_VISIBLE_DEVICES",
    "CUDNN_*",
    "DEEPSPEED_*",
    "FLASH_ATTENTION_*",
    "FLAX_*",
    "GLOO_*",
    "GROUP_RANK",
    "HF_DATASETS_OFFLINE",
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "HIP_VISIBLE_DEVICES",
    "JAX_*",
    "JOB_ID",
    "KMP_*",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "LSB_JOBID",
    "MALLOC_*",
    "MASTER_ADDR",
    "MASTER_PORT",
    "MKL_*",
    "MLTRACK_*",
    "MXNET_*",
    "NCCL_*",
    "NODE_RANK",
    "NUMBA_*",
    "NUMEXPR_*",
    "NVIDIA_TF32_OVERRIDE",
    "NVIDIA_VISIBLE_DEVICES",
    "NVTE_*",
    "OMPI_COMM_WORLD_*",
    "OMP_*",
    "OPENBLAS_*",
    "PBS_JOBID",
    "PMI_RANK",
    "PMI_SIZE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "PYTHONOPTIMIZE",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "PYTORCH_*",
    "RANK",
    "RAYON_NUM_THREADS",
    "RAY_*",
    "ROCR_VISIBLE_DEVICES",
    "RUSTFLAGS",
    "RUST_LOG",
    "RUST_MIN_STACK",
    "SINGULARITY_CONTAINER",
    "SLURM_*",
    "TF_*",
    "TOKENIZERS_PARALLELISM",
    "TORCHDYNAMO_*",
    "TORCHELASTIC_*",
    "TORCHINDUCTOR_*",
    "TORCH_*",
    "TPU_*",
    "TRANSFORMERS_OFFLINE",
    "TRITON_*",
    "TZ",
    "VECLIB_MAXIMUM_THREADS",
    "VIRTUAL_ENV",
    "WORLD_SIZE",
    "XLA_*",
];

/// What was decided about the variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    /// Name and value, by name.
    pub recorded: Vec<(String, String)>,
    /// Names that the list allows and the look of a secret forbids.
    pub left_out: Vec<String>,
}

fn is_allowed(name: &str, allowlist: &[String]) -> bool {
    allowlist.iter().any(|entry| match entry.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == entry,
    })
}

/// Chooses what to record.
pub(crate) fn choose(variables: &[(OsString, OsString)], allowlist: &[String]) -> Variables {
    let mut chosen = Variables::default();
    for (name, value) in variables {
        let name = name.to_string_lossy();
        if !is_allowed(&name, allowlist) {
            continue;
        }
        let value = value.to_string_lossy();
        if secrets::variable(&name, &value).is_some() {
            chosen.left_out.push(name.into_owned());
        } else {
            let cut: String = value.chars().take(VALUE_LEN_MAX).collect();
            chosen.recorded.push((name.into_owned(), cut));
        }
    }
    chosen.recorded.sort();
    chosen.left_out.sort();
    chosen
}

impl Variables {
    pub(crate) fn document(&self) -> Value {
        let pairs = self.recorded.iter();
        Value::Object(
            pairs
                .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                .collect::<Map<_, _>>(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], allowlist: &[&str]) -> Variables {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let allowlist: Vec<_> = allowlist.iter().map(|&name| name.to_owned()).collect();
        choose(&variables, &allowlist)
    }

    #[test]
    fn only_what_is_allowed_is_recorded() {
        let variables = [
            ("OMP_NUM_THREADS", "8"),
            ("HOME", "x"),
            ("TOKENIZERS_PARALLELISM", "false"),
            ("OMPX", "1"),
        ];
        let chosen = chosen(&variables, ALLOWLIST);
        let names: Vec<_> = chosen
            .recorded
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["OMP_NUM_THREADS", "TOKENIZERS_PARALLELISM"]);
        assert_eq!(chosen.left_out, [] as [String; 0]);
    }

    #[test]
    fn secrets_are_left_out_even_where_the_list_allows_them() {
        let variables = [
            ("SLURM_JWT", "x"),
            ("RAY_ADDRESS", "https://me:hunter2@host"),
            ("MLTRACK_API_KEY", "short"),
            ("TF_CONFIG", "ghp_0123456789abcdefghijABCDEFGHIJ012345"),
            ("TF_CPP_MIN_LOG_LEVEL", "2"),
        ];
        let chosen = chosen(&variables, ALLOWLIST);
        assert_eq!(
            chosen.left_out,
            ["MLTRACK_API_KEY", "RAY_ADDRESS", "SLURM_JWT", "TF_CONFIG"]
        );
        assert_eq!(chosen.recorded.len(), 1);
    }

    #[test]
    fn the_list_is_sorted_and_has_no_secrets_itself() {
        assert!(ALLOWLIST.is_sorted());
        for name in ALLOWLIST {
            assert_eq!(crate::secrets::variable(name, ""), None, "{name}");
        }
    }
}
