/**
 * Bytes of the log that are not what was written, found while the server runs.
 *
 * Invariant: what is told is where the damage lies, what it leaves alone, and the command that repairs; all else goes on.
 */
import { openSync, readdirSync, closeSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { expectComplaints, open } from "../support/browser";
import { command, Server } from "../support/server";

let server: Server;
beforeAll(async () => {
  // A command of its own leaves the segment of the demonstration behind as one that is closed.
  server = await Server.start({ prepare: (store) => void command(store, "exp", "new", "second") });
});
afterAll(() => server?.stop());

/** Turns bytes in the middle of the oldest segment, in place; answers its name and where they are. */
function damage(): { file: string; offset: number } {
  const file = readdirSync(server.store).filter((name) => /^seg-.*\.log$/.test(name)).sort()[0] ?? "";
  const handle = openSync(join(server.store, file), "r+");
  const [bytes, offset] = [Buffer.alloc(16), 40_000];
  readSync(handle, bytes, 0, bytes.length, offset);
  writeSync(handle, bytes.map((byte) => byte ^ 0xff), 0, bytes.length, offset);
  closeSync(handle);
  return { file, offset };
}

interface Log {
  readonly verified: { readonly damages: readonly { readonly first: number; readonly offset: number }[] } | null;
}

test("damage is named by segment and place, with what it leaves alone and the command that repairs", async () => {
  expectComplaints(/status of 50[0-9]/);
  const { file, offset } = damage();
  const page = await open(`${server.url}/log?part=check`);
  await page.getByRole("button", { name: "Read every byte" }).click();
  const found = page.locator(".log-damage");
  await expect.poll(() => found.textContent()).toContain(file);
  const { verified } = await server.call<Log>("GET", "/log");
  const [known] = verified?.damages ?? [];
  expect(known?.offset).toBeLessThanOrEqual(offset);
  expect((await found.textContent())?.replace(/\D/g, "")).toContain(String(known?.offset));
  await page.getByText("Everything before and behind these records can be read").waitFor();
  await page.getByRole("region", { name: "Check" }).getByText("mltrack repair", { exact: true }).waitFor();
  await page.locator(".log-bad").getByText("Damage was found.").waitFor();
  await expectAccessible(page);
  // Reading the damaged record itself says the same, and takes nothing else away.
  await page.goto(`${server.url}/log?from=${known?.first}`);
  await page.getByText("Records that cannot be read:").waitFor();
  await page.goto(`${server.url}/log?record=${known?.first}`);
  const banner = page.locator(".shell-banner-bad");
  await expect.poll(() => banner.textContent()).toContain(`${file} is damaged at byte`);
  expect(await banner.textContent()).toMatch(/can be read as before.*mltrack verify --deep.*mltrack repair/s);
  await expectAccessible(page);
  await page.getByRole("link", { name: "Experiments", exact: true }).click();
  await page.getByRole("link", { name: "digits", exact: true }).click();
  await expect.poll(() => page.locator(".runs-row[aria-rowindex]").count()).toBeGreaterThan(1);
  await expect.poll(() => banner.count()).toBe(1);
});
