"""What PyTorch, Lightning and transformers log by themselves. They are big, so `--only mlflow-torch` alone asks for them.

Nothing is downloaded: the models are made here, with random weights.
"""

import mlflow
from world import equal


def small_language_model(folder):
    """A model of two letters' worth of weights and the tokenizer for its ten words, saved in a folder."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "day", "night", "a"]
    plain = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="[PAD]", unk_token="[UNK]")
    config = BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, max_position_embeddings=16, num_labels=2
    )
    model = BertForSequenceClassification(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model, tokenizer


def test_lightning_logs_itself(world):
    import lightning
    import torch

    class Line(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch, _):
            loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
            self.log("loss", loss, on_step=False, on_epoch=True)
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.05)

    experiment = world.experiment()
    mlflow.pytorch.autolog(silent=True, checkpoint=False)
    torch.manual_seed(1)
    rows = torch.rand(64, 4)
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(rows, rows.sum(1, keepdim=True)), batch_size=16)
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False
    )
    with mlflow.start_run() as run:
        trainer.fit(Line(), data)
    mlflow.pytorch.autolog(disable=True)
    got = mlflow.get_run(run.info.run_id)
    equal((got.data.params["epochs"], got.data.params["optimizer_name"]), ("3", "SGD"))
    history = world.client.get_metric_history(run.info.run_id, "loss")
    equal(len(history), 3)
    assert history[-1].value < history[0].value
    models = world.client.search_logged_models([experiment])
    loaded = mlflow.pytorch.load_model(models[0].model_uri)
    equal(tuple(loaded.layer.weight.shape), (1, 4))


def test_a_torch_model_is_kept_and_loaded(world):
    import torch

    world.experiment()
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
    row = torch.rand(1, 3)
    with mlflow.start_run():
        info = mlflow.pytorch.log_model(model, name="net", input_example=row.numpy())
    loaded = mlflow.pytorch.load_model(info.model_uri)
    assert torch.equal(loaded(row), model(row))


def test_a_trainer_of_transformers_logs_itself_and_its_model_is_served(world):
    import torch
    from transformers import Trainer, TrainingArguments, pipeline

    experiment = world.experiment()
    torch.manual_seed(1)
    model, tokenizer = small_language_model(world.folder / "model")
    texts = ["good day", "bad night", "a good night", "a bad day"] * 4
    rows = [
        {**{key: value[0] for key, value in tokenizer(text, padding="max_length", max_length=4, truncation=True, return_tensors="pt").items()}, "labels": int("bad" in text)}
        for text in texts
    ]
    settings = TrainingArguments(
        output_dir=str(world.folder / "out"), num_train_epochs=2, per_device_train_batch_size=4, logging_steps=2, learning_rate=1e-2,
        report_to=["mlflow"], save_strategy="no", disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    with mlflow.start_run() as run:
        Trainer(model, settings, train_dataset=rows).train()
        info = mlflow.transformers.log_model(
            pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu"), name="classifier", task="text-classification"
        )
    got = mlflow.get_run(run.info.run_id)
    equal((got.data.params["num_train_epochs"], got.data.params["learning_rate"]), ("2", "0.01"))
    history = world.client.get_metric_history(run.info.run_id, "loss")
    equal([each.step for each in history], [2, 4, 6, 8])
    equal([each.model_id for each in world.client.search_logged_models([experiment])], [info.model_id])
    loaded = mlflow.transformers.load_model(info.model_uri, device="cpu")
    equal(loaded("good day")[0]["label"] in ("LABEL_0", "LABEL_1"), True)


for test in (test_lightning_logs_itself, test_a_torch_model_is_kept_and_loaded, test_a_trainer_of_transformers_logs_itself_and_its_model_is_served):
    test.needs_torch = True
