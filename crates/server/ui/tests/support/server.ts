/**
 * A real server over a real store, for tests in a browser.
 *
 * Invariants: each server has a copy of the store of its own and a free port, and is ended by its handle; the store is
 * made once for all test files of one program.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { preview, type PreviewServer } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The program that is tested. */
export function binary(): string {
  const path = process.env["MLTRACK_BINARY"] ?? fileURLToPath(new URL("../../../../../target/debug/mltrack", import.meta.url));
  if (!existsSync(path)) throw new Error(`there is no ${path}: cargo build -p mltrack-cli, or set MLTRACK_BINARY`);
  return path;
}

/** Runs a command of the program on a store, and answers what it printed. */
export function command(store: string, ...words: string[]): string {
  const done = spawnSync(binary(), ["-C", store, ...words], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`mltrack ${words.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

/** The store of `mltrack demo`, made when it is asked for first. */
function demoStore(epochs: number): string {
  const stamp = Math.round(statSync(binary()).mtimeMs);
  const kept = join(tmpdir(), `mltrack-page-demo-${epochs}-${stamp}`);
  if (!existsSync(kept)) {
    const made = mkdtempSync(join(tmpdir(), "mltrack-page-making-"));
    command(join(made, ".mltrack"), "demo", "--epochs", String(epochs));
    // Whoever comes later finds it whole or not at all.
    try {
      renameSync(made, kept);
    } catch {
      rmSync(made, { recursive: true });
    }
  }
  return kept;
}

export interface ServerOptions {
  /** `demo`, `empty`, or the folder of a store to copy. */
  store?: string;
  /** More words for `mltrack serve`. */
  words?: readonly string[];
  port?: number;
  /** What is done to the store before it is served. */
  prepare?: (store: string) => void;
}

/** A server that runs until `stop`. */
export class Server {
  private constructor(
    readonly store: string,
    /** Where the page is. */
    readonly url: string,
    /** Where the interface is, also while the page comes from elsewhere. */
    readonly origin: string,
    private readonly folder: string,
    private process: ChildProcess,
    private readonly words: readonly string[],
    private readonly built: PreviewServer | null,
  ) {}

  static async start(options: ServerOptions = {}): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), "mltrack-page-"));
    const from = options.store ?? "demo";
    if (from !== "empty") cpSync(from === "demo" ? demoStore(20) : from, folder, { recursive: true });
    const store = join(folder, ".mltrack");
    const words = options.words ?? [];
    options.prepare?.(store);
    const { process, url } = await serve(store, options.port ?? 0, words);
    // The page as `npm run build` made it last, without building the program anew.
    const built = globalThis.process.env["MLTRACK_PAGE"] === "built" ? await asBuilt(url) : null;
    const page = built?.resolvedUrls?.local[0]?.replace(/\/$/, "") ?? url;
    return new Server(store, page, url, folder, process, words, built);
  }

  /** The number of its process. */
  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }

  /** Starts it again on the same port and store. */
  async restart(): Promise<void> {
    const port = Number(new URL(this.origin).port);
    this.process = (await serve(this.store, port, this.words)).process;
  }

  /** A call of the interface, with JSON. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.origin}/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async stop(): Promise<void> {
    await this.built?.close();
    if (this.process.exitCode === null && this.process.signalCode === null) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function asBuilt(url: string): Promise<PreviewServer> {
  // The server takes a page of another address for another site.
  const proxy = { "/api": { target: url, changeOrigin: true, headers: { origin: url } } };
  return preview({ root: ROOT, preview: { port: 0, proxy }, logLevel: "error" });
}

async function serve(store: string, port: number, words: readonly string[]): Promise<{ process: ChildProcess; url: string }> {
  const asked = ["-C", store, "serve", "--json", "--bind", `127.0.0.1:${port}`, ...words];
  const child = spawn(binary(), asked, { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (piece: Buffer) => (complaint += piece.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const told = JSON.parse(line) as { url?: string };
      if (told.url !== undefined) resolve(told.url);
    });
    child.once("exit", (code) => reject(new Error(`mltrack serve ended with ${code}: ${complaint}`)));
  });
  return { process: child, url };
}
