"""What frameworks log by themselves: scikit-learn, xgboost and Optuna."""

import mlflow
from world import equal


def test_scikit_learn_logs_itself(world):
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    experiment = world.experiment()
    mlflow.sklearn.autolog(silent=True, log_input_examples=True)
    data = load_iris(as_frame=True)
    with mlflow.start_run() as run:
        model = RandomForestClassifier(n_estimators=5, random_state=1).fit(data.data, data.target)
    mlflow.sklearn.autolog(disable=True)
    got = mlflow.get_run(run.info.run_id)
    equal(got.data.params["n_estimators"], "5")
    assert got.data.metrics["training_accuracy_score"] > 0.9, got.data.metrics
    equal(got.data.tags["estimator_name"], "RandomForestClassifier")
    equal(len(got.inputs.dataset_inputs), 1)
    paths = [each.path for each in world.client.list_artifacts(run.info.run_id)]
    assert "estimator.html" in paths and "training_confusion_matrix.png" in paths, paths
    models = world.client.search_logged_models([experiment])
    equal(len(models), 1)
    loaded = mlflow.sklearn.load_model(models[0].model_uri)
    equal(loaded.predict(data.data).tolist(), model.predict(data.data).tolist())
    assert {each.key for each in mlflow.get_logged_model(models[0].model_id).metrics} >= {"training_accuracy_score"}


def test_a_grid_search_logs_its_children(world):
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    experiment = world.experiment()
    mlflow.sklearn.autolog(silent=True, log_models=False)
    data = load_iris()
    with mlflow.start_run() as run:
        GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2, 3]}, cv=2).fit(data.data, data.target)
    mlflow.sklearn.autolog(disable=True)
    children = mlflow.search_runs([experiment], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    equal(sorted(children["params.max_depth"]), ["1", "2", "3"])
    assert mlflow.get_run(run.info.run_id).data.params["best_max_depth"] in "123"


def test_xgboost_logs_itself(world):
    import numpy
    import xgboost

    experiment = world.experiment()
    mlflow.xgboost.autolog(silent=True)
    generator = numpy.random.default_rng(1)
    rows = generator.random((200, 4))
    matrix = xgboost.DMatrix(rows, label=(rows.sum(axis=1) > 2).astype(int))
    with mlflow.start_run() as run:
        params = {"objective": "binary:logistic", "eval_metric": "logloss", "max_depth": 2}
        model = xgboost.train(params, matrix, num_boost_round=20, evals=[(matrix, "train")])
    mlflow.xgboost.autolog(disable=True)
    got = mlflow.get_run(run.info.run_id)
    equal((got.data.params["max_depth"], got.data.params["num_boost_round"]), ("2", "20"))
    history = world.client.get_metric_history(run.info.run_id, "train-logloss")
    equal([each.step for each in history], list(range(20)))
    assert history[-1].value < history[0].value
    models = world.client.search_logged_models([experiment])
    loaded = mlflow.xgboost.load_model(models[0].model_uri)
    equal(loaded.predict(matrix).tolist(), model.predict(matrix).tolist())


def test_optuna_s_callback_logs_every_trial(world):
    import optuna
    from optuna_integration.mlflow import MLflowCallback

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    callback = MLflowCallback(tracking_uri=world.uri, metric_name="square")
    study = optuna.create_study(study_name=world.name("study"), sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=5, callbacks=[callback])
    experiment = world.client.get_experiment_by_name(study.study_name)
    table = mlflow.search_runs([experiment.experiment_id], order_by=["metrics.square ASC"])
    equal(len(table), 5)
    equal(table["metrics.square"].tolist(), sorted(trial.value for trial in study.trials))
    equal(table["params.x"][0], str(study.best_params["x"]))
    equal(set(table["tags.direction"]), {"MINIMIZE"})


def test_a_pool_of_threads_logs_at_once(world):
    from concurrent.futures import ThreadPoolExecutor

    experiment = world.experiment()

    def work(number):
        run = world.client.create_run(experiment, run_name=f"thread-{number}").info.run_id
        for step in range(20):
            world.client.log_metric(run, "m", step * number, step=step)
        world.client.set_terminated(run)
        return run

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(work, range(16)))
    for number, run in enumerate(runs):
        equal(world.client.get_run(run).data.metrics["m"], 19.0 * number)
    equal(len(world.client.search_runs([experiment], "status = 'FINISHED'")), 16)
