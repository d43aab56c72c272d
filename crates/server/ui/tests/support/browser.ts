/**
 * The browser of the tests.
 *
 * Invariants: it is started once for a test file; a page that writes an error to its console, breaks its policy or
 * throws fails its test, unless the test said that it would.
 */
import { afterAll, afterEach } from "vitest";
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
let browser: Promise<Browser> | null = null;
const contexts: BrowserContext[] = [];
let complaints: string[] = [];
let expected: RegExp[] = [];

function launched(): Promise<Browser> {
  const executablePath = process.env["MLTRACK_CHROMIUM"] ?? PLACES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error("there is no Chromium: install it, or set MLTRACK_CHROMIUM");
  // Containers have no namespaces for its sandbox; what it opens is our own page.
  browser ??= chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  return browser;
}

/** A browser of its own: storage, tabs, and no memory of others. */
export async function newBrowser(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await (await launched()).newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", ...options });
  context.on("page", watch);
  contexts.push(context);
  return context;
}

/** A page at an address, in a browser of its own. */
export async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await newBrowser(options)).newPage();
  await page.goto(url);
  return page;
}

/** The test makes pages complain in this way, such as by ending their server. */
export function expectComplaints(...kinds: RegExp[]): void {
  expected.push(...kinds);
}

/** What is told when a server is not there. */
export const SERVER_GONE = /Failed to load resource: net::ERR_(CONNECTION_REFUSED|EMPTY_RESPONSE|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|SOCKET_NOT_CONNECTED)|status of 50[0-9]|net::ERR_/;

function watch(page: Page): void {
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`thrown: ${error.stack ?? error.message}`));
}

afterEach(async () => {
  const unexpected = complaints.filter((complaint) => !expected.some((kind) => kind.test(complaint)));
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  [complaints, expected] = [[], []];
  if (unexpected.length > 0) throw new Error(`the page complained:\n${unexpected.join("\n")}`);
});

afterAll(async () => {
  await (await browser)?.close();
  browser = null;
});
