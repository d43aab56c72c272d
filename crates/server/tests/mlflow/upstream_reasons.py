"""Why a test of MLflow's own that passes on a stock server does not pass on ours: what its name begins with, and the reason.

One that passes on stock, fails on ours and is not here is a mistake of ours.
"""

GRAPHQL = "asks for `/graphql`, which the pages of MLflow's own interface use; not served"
GATEWAY = "the gateway to models, its secrets and endpoints: not served, no model is called from here"
ISSUES = "issues: not served, none are kept"
DATASETS = "datasets for evaluation: not served"
SCORERS = "scorers: not served, nothing is evaluated here"
COMPUTED = "numbers over traces: not served, nothing is computed over traces"
PAGES = "a handler of MLflow's own pages: not served"
INSIDE = "looks into the process of the application that it started, which is another program here"
DATABASE = "the command line of the test writes to the database of its own process, and the test reads that by the server"
FILES = "asks the server for files in a folder of the machine; here that folder is the clients' own, and the server reads none"
NEWER = "a source that is not the run's: stock refuses it since 3.17, and so does ours; `differential.py` compares it"

REASONS = {
    "test_rest_tracking::test_delete_restore_experiment_cli": DATABASE,
    "test_rest_tracking::test_rename_experiment_cli": DATABASE,
    "test_rest_tracking::test_graphql": GRAPHQL,
    "test_rest_tracking::test_get_experiment_graphql": GRAPHQL,
    "test_rest_tracking::test_get_run_and_experiment_graphql": GRAPHQL,
    "test_rest_tracking::test_get_metric_history_bulk_interval_graphql": GRAPHQL,
    "test_rest_tracking::test_search_runs_graphql": GRAPHQL,
    "test_rest_tracking::test_list_artifacts_graphql": GRAPHQL,
    "test_rest_tracking::test_search_datasets_graphql": GRAPHQL,
    "test_rest_tracking::test_create_promptlab_run_handler": PAGES,
    "test_rest_tracking::test_gateway_proxy_handler": PAGES,
    "test_rest_tracking::test_calculate_trace_filter_correlation": COMPUTED,
    "test_rest_tracking::test_query_trace_metrics": COMPUTED,
    "test_rest_tracking::test_list_logged_model_artifacts": FILES,
    "test_rest_tracking::test_get_logged_model_artifact": FILES,
    "test_rest_tracking::test_create_and_get_evaluation_dataset": DATASETS,
    "test_rest_tracking::test_search_evaluation_datasets": DATASETS,
    "test_rest_tracking::test_evaluation_dataset": DATASETS,
    "test_rest_tracking::test_add_dataset_to_experiments": DATASETS,
    "test_rest_tracking::test_remove_dataset_from_experiments": DATASETS,
    "test_rest_tracking::test_add_multiple_experiments_at_once": DATASETS,
    "test_rest_tracking::test_idempotent_add_experiments": DATASETS,
    "test_rest_tracking::test_client_api_add_remove_experiments": DATASETS,
    "test_rest_tracking::test_scorer_CRUD": SCORERS,
    "test_rest_tracking::test_online_scoring_config": SCORERS,
    "test_rest_tracking::test_create_and_get_secret": GATEWAY,
    "test_rest_tracking::test_update_secret": GATEWAY,
    "test_rest_tracking::test_list_secret_infos": GATEWAY,
    "test_rest_tracking::test_delete_secret": GATEWAY,
    "test_rest_tracking::test_create_secret_with_dict_value": GATEWAY,
    "test_rest_tracking::test_create_and_update_compound_secret": GATEWAY,
    "test_rest_tracking::test_create_and_get_endpoint": GATEWAY,
    "test_rest_tracking::test_create_endpoint_with_usage_tracking": GATEWAY,
    "test_rest_tracking::test_update_endpoint": GATEWAY,
    "test_rest_tracking::test_list_endpoints": GATEWAY,
    "test_rest_tracking::test_delete_endpoint": GATEWAY,
    "test_rest_tracking::test_model_definitions": GATEWAY,
    "test_rest_tracking::test_attach_detach_model_to_endpoint": GATEWAY,
    "test_rest_tracking::test_endpoint": GATEWAY,
    "test_rest_tracking::test_secrets_and_endpoints_integration": GATEWAY,
    "test_rest_tracking::test_list_providers": GATEWAY,
    "test_rest_tracking::test_get_provider_config": GATEWAY,
    "test_rest_tracking::test_get_secrets_config": GATEWAY,
    "test_rest_tracking::test_update_model_definition_provider": GATEWAY,
    "test_rest_tracking::test_create_issue": ISSUES,
    "test_rest_tracking::test_get_issue": ISSUES,
    "test_rest_tracking::test_update_issue": ISSUES,
    "test_rest_tracking::test_search_issues": ISSUES,
    "test_rest_tracking::test_create_model_version_with_non_local_source": NEWER,
    "test_rest_tracking::test_create_model_version_with_file_uri": "a source with `..` is refused, also where it leads back into the run",
    "test_rest_tracking::test_path_validation": "asks for a path with two slashes, of which this server makes no other",
    "test_model_registry::test_create_and_query_model_version_flow": NEWER,
    "test_model_registry::test_get_model_version": NEWER,
    "test_model_registry::test_update_model_version_flow": NEWER,
    "test_model_registry::test_delete_model_version_flow": NEWER,
    "test_model_registry::test_set_delete_model_version_tag_flow": NEWER,
    "test_model_registry::test_set_model_version_tag_with_empty_string_as_value": NEWER,
    "test_model_registry::test_set_delete_registered_model_alias_and_get_model_version_by_alias_flow": NEWER,
    "test_model_registry::test_copy_model_version_flow": NEWER,
    "test_otel_logging::test_error_logging_spans": INSIDE,
    "test_otel_logging::test_otel_trace_received_telemetry": INSIDE,
}


def reason(name):
    """That of the longest beginning of the name."""
    begun = [each for each in REASONS if name.startswith(each)]
    return REASONS[max(begun, key=len)] if begun else ""
