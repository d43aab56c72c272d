/**
 * Where one begins: a name to ask about, and what is asked about most.
 *
 * Invariant: nothing is asked for beyond what is shown.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Page_Dataset, Page_Model, Page_Run } from "../../api/types";
import { Button, Failure, Name, Panel, Skeleton, TextField } from "../../parts";
import { go, href } from "../../state/url";

const SHOWN = 8;

export function Start(): JSX.Element {
  const [name, setName] = useState("");
  const ask = (): void => {
    if (name.trim() !== "") go(href("/lineage", { node: name.trim() }));
  };
  return (
    <div class="page lineage">
      <div class="page-head">
        <h1>Lineage</h1>
      </div>
      <p class="soft">What a model was made of, what was made of a dataset, and what is affected when one of them is bad.</p>
      <div class="row lineage-ask">
        <TextField
          label="Begin with"
          value={name}
          placeholder="model:resnet@prod, dataset:digits@v2, run:a3f9, exp:cats"
          onInput={setName}
          onEnter={ask}
        />
        <Button kind="primary" onClick={ask} disabled={name.trim() === ""}>
          Show
        </Button>
      </div>
      <div class="lineage-starts">
        <Choices<Page_Model["items"][number]> title="Models" path="/models" none="No models yet." node={(model) => [`model:${model.id}`, model.name]} />
        <Choices<Page_Dataset["items"][number]> title="Datasets" path="/datasets" none="No datasets yet." node={(dataset) => [`dataset:${dataset.id}`, dataset.name]} />
        <Choices<Page_Run["items"][number]>
          title="Newest runs"
          path="/runs"
          none="No runs yet."
          fields="id,name,experiment"
          node={(run) => [`run:${run.id}`, `${run.name} in ${run.experiment}`]}
        />
      </div>
    </div>
  );
}

function Choices<Item>(props: {
  title: string;
  path: string;
  none: string;
  fields?: string;
  node: (item: Item) => readonly [string, string];
}): JSX.Element {
  const query = { limit: SHOWN, ...(props.fields === undefined ? {} : { fields: props.fields }) };
  const { value, error, reload } = useResource(props.path, (signal) =>
    get<{ items: Item[]; total: number }>(props.path, query, { signal }),
  );
  const page = value.value;
  return (
    <Panel title={props.title}>
      {error.value && <Failure error={error.value} onRetry={reload} />}
      {page === undefined && !error.value && <Skeleton lines={4} />}
      {page?.items.length === 0 && <p class="soft">{props.none}</p>}
      <ul class="lineage-choices">
        {page?.items.map((item) => {
          const [node, name] = props.node(item);
          return (
            <li key={node}>
              <a href={href("/lineage", { node })}>
                <Name text={name} class="cut" />
              </a>
            </li>
          );
        })}
      </ul>
      {page !== undefined && page.total > SHOWN && <p class="small soft">and {page.total - SHOWN} more</p>}
    </Panel>
  );
}
