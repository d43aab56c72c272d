/**
 * Runs, artifacts, datasets and models for the tests of their pages.
 *
 * Invariant: whatever can hold a text holds one that would run if it were ever taken for markup.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { binary, type Server } from "../support/server";

/** Sets `bad` on the window when anything takes it for markup. */
export const SCRIPT = "<img src=x onerror=window.bad=1><script>window.bad=1</script>";
export const RIGHT_TO_LEFT = "مرحبا بالعالم";

interface Made {
  readonly id: string;
  readonly short: string;
  readonly lsn: number;
}

/** A run with points; it stays running unless `state` says otherwise. */
export async function makeRun(server: Server, name: string, params: object, accuracy: readonly (number | string)[], more: object = {}): Promise<Made> {
  const run = await server.call<Made>("POST", "/runs", { experiment: "shell", name, params, ...more });
  const points = accuracy.flatMap((value, step) => [
    { metric: "acc", value, step },
    { metric: "loss", value: 1 / (step + 1), step },
  ]);
  if (points.length > 0) await server.call("POST", `/runs/${run.id}/log`, { points });
  return run;
}

export async function endRun(server: Server, id: string): Promise<void> {
  await server.call("POST", `/runs/${id}/end`, { state: "completed" });
}

/** Puts a file into a run. */
export async function putFile(server: Server, run: string, path: string, bytes: string | Uint8Array): Promise<{ id: string; blake3: string }> {
  const response = await fetch(`${server.origin}/api/v1/runs/${run}/artifacts?path=${encodeURIComponent(path)}`, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: typeof bytes === "string" ? bytes : new Uint8Array(bytes),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as { id: string; blake3: string };
}

/** A picture of one red point. */
export const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64");

function done(words: readonly string[], folder: string): void {
  const [program, ...rest] = words;
  const result = spawnSync(program ?? "", rest, { cwd: folder, encoding: "utf8" });
  if (result.error) throw result.error;
}

/** Runs a script as a run, in a repository whose working tree has changes: its environment and its lines are recorded. */
export function runScript(server: Server, name: string, rate: string): void {
  const folder = join(server.store, "..", "code");
  mkdirSync(folder, { recursive: true });
  const script = join(folder, "train.sh");
  const lines = ["#!/bin/sh", "echo start", `echo '${SCRIPT}'`, `echo '${RIGHT_TO_LEFT}'`, "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo step $i; done", "echo WARNING slow >&2", `echo rate ${rate}`];
  writeFileSync(script, `${lines.join("\n")}\n`);
  chmodSync(script, 0o755);
  writeFileSync(join(folder, "requirements.txt"), "numpy==1.26.4\ntorch==2.3.0\n");
  const git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org"];
  writeFileSync(join(folder, "train.py"), "import torch\nrate = 0.1\n");
  done(["git", "init", "-q", "."], folder);
  done(["git", "add", "."], folder);
  done([...git, "commit", "-q", "-m", "Train"], folder);
  writeFileSync(join(folder, "train.py"), `import torch\nrate = ${rate}\n`);
  done([binary(), "-C", server.store, "run", "exec", "shell", "-p", `rate=${rate}`, "--name", name, "--", "./train.sh"], folder);
}
