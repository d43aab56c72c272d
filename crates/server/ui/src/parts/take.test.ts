/** Taking along. Invariant: what is said to be copied is what the clipboard has. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { dismiss, lastDone } from "../state/undo";
import { take, type Taken, type Taking } from "./take";

let clipboard = "";
let isAllowed = true;
beforeEach(() => {
  [clipboard, isAllowed] = ["", true];
  const writeText = (text: string): Promise<void> => {
    if (!isAllowed) return Promise.reject(new Error("no press"));
    clipboard = text;
    return Promise.resolve();
  };
  vi.stubGlobal("navigator", { clipboard: { writeText } });
});
afterEach(() => {
  dismiss();
  vi.unstubAllGlobals();
});

const bar = () => ({ text: lastDone.peek()?.text, act: lastDone.peek()?.act?.[0] });
const press = async (): Promise<void> => {
  lastDone.peek()?.act?.[1]();
  await new Promise((resolve) => setImmediate(resolve));
};

/** Loads so many pages, each when it is let go on. */
function slow(pages: number): { form: (taking: Taking) => Promise<Taken>; next: () => Promise<void> } {
  let go = (): void => undefined;
  const form = async (taking: Taking): Promise<Taken> => {
    for (let page = 0; page < pages; page += 1) {
      taking.told(page * 1_000, pages * 1_000);
      await new Promise<void>((resolve) => (go = resolve));
    }
    return { text: "all", rows: pages * 1_000, of: pages * 1_000 };
  };
  const next = async (): Promise<void> => {
    go();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { form, next };
}

test("a text is copied, and so is what is made of many rows, with their number", async () => {
  await take("Link", "http://localhost/");
  expect([clipboard, bar().text]).toEqual(["http://localhost/", "Link copied"]);
  await take("CSV", () => ({ text: "a,b", rows: 2_500, of: 2_500 }));
  expect([clipboard, bar().text]).toEqual(["a,b", "CSV copied: 2\u2009500 rows"]);
});

test("what takes long tells how far it is, and is copied when it is there", async () => {
  const { form, next } = slow(2);
  const done = take("CSV", form);
  expect(bar()).toEqual({ text: "CSV: 0 of 2\u2009000 rows loaded", act: "Cancel" });
  await next();
  expect(bar().text).toBe("CSV: 1\u2009000 of 2\u2009000 rows loaded");
  await next();
  await done;
  expect([clipboard, bar().text]).toEqual(["all", "CSV copied: 2\u2009000 rows"]);
});

test("who gives up copies nothing, whatever comes later", async () => {
  const { form, next } = slow(2);
  const done = take("CSV", form);
  await press();
  expect(bar().text).toBe("Nothing was copied");
  await next();
  await next();
  await done;
  expect([clipboard, bar().text]).toEqual(["", "Nothing was copied"]);
});

test("of more rows than are read it says how many, and offers all", async () => {
  const all = (): Taken => ({ text: "whole", rows: 900, of: 900 });
  await take("Markdown table", () => ({ text: "part", rows: 200, of: 900, all }));
  expect(clipboard).toBe("part");
  expect(bar()).toEqual({ text: "Markdown table copied: 200 of 900 rows", act: "Copy all 900" });
  await press();
  expect([clipboard, bar().text]).toEqual(["whole", "Markdown table copied: 900 rows"]);
});

test("where loading took longer than a press counts, another press copies", async () => {
  isAllowed = false;
  await take("CSV", () => ({ text: "late", rows: 3, of: 3 }));
  expect(bar()).toEqual({ text: "CSV: 3 rows loaded", act: "Copy" });
  isAllowed = true;
  await press();
  expect([clipboard, bar().text]).toEqual(["late", "CSV copied: 3 rows"]);
});

test("what cannot be loaded is told, with what went wrong", async () => {
  await take("CSV", () => Promise.reject(new Error("the server is gone")));
  expect(clipboard).toBe("");
  expect(lastDone.peek()?.error?.message).toBe("the server is gone");
});
