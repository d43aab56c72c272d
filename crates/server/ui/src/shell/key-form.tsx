/**
 * Asks for the key, where the server wants one, or one that reaches more.
 *
 * Invariants: the key goes into a header of calls and nowhere else; one that the server refuses is not taken, so that
 * a slip costs one wrong guess and not one for every call of a page.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { get } from "../api/client";
import { keyTrouble, refused, takeKey } from "../api/key";
import { asApiError } from "../api/resource";
import type { Store } from "../api/types";
import { Button, Switch, TextField } from "../parts";

/** What a header can hold. */
const KEY = /^[\x21-\x7e]+$/;

export function KeyForm(): JSX.Element {
  const [text, setText] = useState("");
  const [isKept, setKept] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const trouble = keyTrouble.value;
  const take = async (token: string): Promise<void> => {
    setAsking(true);
    const why = await whyRefused(token);
    setAsking(false);
    if (why === null) takeKey(token, isKept);
    else refused(why);
  };
  return (
    <div class="page">
      <form
        class="shell-key"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "" && !isAsking) void take(text.trim());
        }}
      >
        <h1>{trouble?.isOfScope === true ? "This key does not reach the page" : "This server asks for a key"}</h1>
        <p class="soft" role="alert">
          <span class="name" dir="auto">
            {trouble?.message}
          </span>
          {trouble?.isOfScope === true &&
            ". A key with a scope is for clients that log to those experiments; this page shows the whole store, and needs a key without a scope."}
        </p>
        <TextField label="Key" type="password" value={text} onInput={setText} placeholder="mlt_…" />
        <Switch label="Keep it in this browser" isOn={isKept} onChange={setKept} />
        <p class="small soft">
          Without, it is forgotten with this tab. Who looks after the server makes one with <code>mltrack key new NAME</code>
          {trouble?.isOfScope === true && (
            <>
              , or <code>mltrack key new NAME --role viewer</code> for one that only looks
            </>
          )}
          .
        </p>
        <Button type="submit" kind="primary" disabled={text.trim() === "" || isAsking}>
          Go on
        </Button>
      </form>
    </div>
  );
}

/** What the server says against a key; null when it lets it look. */
async function whyRefused(token: string): Promise<{ message: string; hint: string | null; isOfScope?: boolean } | null> {
  if (!KEY.test(token)) return { message: "this is no key: a key is letters and digits without a space", hint: null };
  try {
    await get<Store>("/store", {}, { pinned: false, headers: { authorization: `Bearer ${token}` } });
    return null;
  } catch (failure) {
    const { message, hint, status } = asApiError(failure);
    return { message, hint, isOfScope: status === 403 };
  }
}
