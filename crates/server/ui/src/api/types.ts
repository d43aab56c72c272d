/**
 * The forms of the interface /api/v1, written by `npm run types` from docs/openapi.json.
 *
 * Invariant: nobody writes here by hand; what differs from the description fails the checks.
 */
/* eslint-disable */

/** What became of a batch: a line of the answer. */
export type Acknowledgement = {
  /** Every line up to this one, counted from 1, is dealt with. */
  line: number;
  /** The last record of the batch; null when none was written. */
  lsn?: number | null;
  /** How many of its lines were written. */
  accepted: number;
  /** How many were refused. */
  refused: number;
  /** Why, for the first hundred of them. */
  errors: Refused[];
  /** Whether this was the last batch. */
  done: boolean;
  /** Whether this is about the batches of earlier calls with the same `Idempotency-Key`. */
  earlier: boolean;
};

/** What happened when. */
export type Activity = {
  /** Where stretches begin and end, in ms since 1970; one more than there are stretches. */
  edges: number[];
  /** All runs together. */
  whole: ActivitySeries;
  /** By what was asked for, those with the most runs first. */
  items: ActivitySeries[];
  /** How many series there are, told or not. */
  keys_total: number;
  /** For each stretch, how many different settings of parameters the runs have that began in it; null when not asked for. */
  settings?: number[] | null;
  /** For each stretch, which share of all values of parameters that were tried in all stretches together was tried in it, from 0 to 1; null when not asked for. */
  coverage?: number[] | null;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** Which runs, in which stretches of time. */
export type ActivityQuestion = {
  /** The first stretch holds this time: a time, or a length before now; `-30d` when absent. */
  from?: string | null;
  /** The last stretch holds this time; now when absent. */
  to?: string | null;
  bucket?: BucketName | null;
  /** How far the zone is from UTC in which stretches begin, such as `+02:00`; not at all when absent. */
  offset?: string | null;
  /** Where stretches begin and end, in ms since 1970, rising, instead of the four above: for zones with summer time. */
  edges?: number[];
  by?: ByName | null;
  /** At most so many series, those with the most runs. */
  keys?: number | null;
  /** Only runs of these experiments: ids or names. */
  experiment?: string[];
  /** Only runs that each of these filters admits. */
  filter?: string[];
  /** Only runs in these states. */
  state?: RunState[];
  /** Whether parameters are compared, too: `settings` and `coverage` of the answer. */
  settings?: boolean;
  /** As it was then: an lsn, a time, or a length before now such as `-2h`. */
  at?: string | null;
};

/** Figures of some runs, one for each stretch. */
export type ActivitySeries = {
  /** What they have in common: an experiment's id, a state, a user, a host; empty for all runs together. */
  key: string;
  /** The same for people. */
  name: string;
  /** How many runs began in all stretches together. */
  total: number;
  /** How many began: were started or, where they never were, created. */
  runs: number[];
  /** Those by the state that they have. */
  states: Record<string, number[]>;
  /** For how many seconds runs were running, whenever they began. What is lost without an end counts nothing. */
  run_seconds: number[];
  /** For how many seconds GPUs were taken: each one that the system metrics of a run tell of counts as long as the run was running. */
  gpu_seconds: number[];
  /** Seconds from start to end of the runs that began there and have ended: the median. */
  took_median: (number | null)[];
  /** The same: nine of ten took at most so long. */
  took_p90: (number | null)[];
};

/** What an alias leads to. */
export type AliasAsk = {
  /** The version's number. */
  version: number;
};

/** Numbers about histories. */
export type Analytics = {
  /** By name and context. */
  items: MetricNumbers[];
};

/** A file that a run has logged. */
export type Artifact = {
  /** Its id. */
  id: string;
  /** The run. */
  run: string;
  /** The run's name. */
  run_name: string;
  /** Its path in the run. */
  path: string;
  /** Its version, from 1. */
  version: number;
  /** What it is: `model`, `image`, `file`, .. */
  kind: string;
  /** Its media type. */
  media_type: string;
  /** How many bytes it has. */
  bytes: number;
  /** The BLAKE3 hash of its bytes. */
  blake3: string;
  /** The step it was logged at. */
  step?: number | null;
  /** Its metadata. */
  metadata?: unknown;
  /** The record that logged it. */
  lsn: number;
  /** When. */
  logged: string;
  /** Why it was removed, when it was. */
  removed?: string | null;
};

/** What a check of stored bytes found. */
export type ArtifactChecked = {
  /** Whether the bytes are there and are what the log says. */
  sound: boolean;
  /** How many files were looked at. */
  files: number;
  /** How many bytes were read, in all roots that have them. */
  bytes: number;
  /** What is wrong, with the place: the first hundred. */
  damages: string[];
  /** How much is wrong. */
  damages_total: number;
  /** When they were read. */
  checked: string;
};

/** Buckets in the order of their steps. Extremes were really logged, at the step beside them. */
export type BucketColumns = {
  /** The lowest step of each. */
  step_first: number[];
  /** The highest. */
  step_last: number[];
  /** The value at the lowest step. */
  first: Number[];
  /** The value at the highest step. */
  last: Number[];
  /** The smallest value; null where all are NaN. */
  min: (Number | null)[];
  /** Where it is. */
  min_step: (number | null)[];
  /** The largest value; null where all are NaN. */
  max: (Number | null)[];
  /** Where it is. */
  max_step: (number | null)[];
  /** The mean of the values that are numbers. */
  mean: (Number | null)[];
  /** Points in it. */
  count: number[];
  /** Those that are NaN. */
  nan_count: number[];
};

/** How long a stretch of time is. */
export type BucketName = "hour" | "day" | "week" | "month";

/** Which runs are to be changed, and how. */
export type BulkAsk = {
  /** These runs: ids, beginnings of them, or names. Without it, those that the other members mean. */
  runs?: string[];
  /** Only runs of this experiment: its id or its name. */
  experiment?: string | null;
  /** Only runs that each of these filters admits. */
  filter?: string[];
  /** Only runs in these states. */
  state?: RunState[];
  deleted?: DeletedAsk | null;
  /** The changes. */
  change: BulkChange;
  /** How many runs it has to be, as a dry run told: else nothing is changed, and the answer is 409. */
  expected?: number | null;
  /** Only say what would happen. */
  dry_run?: boolean;
};

/** Changes to runs; what is not named stays. */
export type BulkChange = {
  /** Tags: a text sets one, null removes it. */
  tags?: Record<string, string | null>;
  /** A note to add to each, in Markdown. */
  note?: string | null;
  /** Whether they are to be deleted, or, with false, to be brought back. */
  deleted?: boolean | null;
};

/** What was done, or would be. */
export type BulkForm = {
  /** How many runs are meant. */
  runs: number;
  /** How many were changed; the others were so already. In a dry run null. */
  changed?: number | null;
  /** The first of them. */
  items: BulkRun[];
  /** Whether nothing was done. */
  dry_run: boolean;
  /** The last record of it, for an undo; null when nothing was done. */
  lsn?: number | null;
  /** The last record that was taken into account. */
  seen: number;
};

/** A run that is meant. */
export type BulkRun = {
  /** Its id. */
  id: string;
  /** Its name. */
  name: string;
  /** Its experiment's name. */
  experiment: string;
};

/** Which part of a semantic version is counted up. */
export type BumpName = "major" | "minor" | "patch";

/** What tells series apart. */
export type ByName = "experiment" | "state" | "user" | "host";

export type Bytes = string;

/** How far a check is. */
export type CheckProgress = {
  /** Bytes of files that are checked. */
  done: number;
  /** Bytes of all of them; 0 before that is known. */
  total: number;
};

/** A name, and how many runs have it. */
export type Column = {
  /** The name. */
  name: string;
  /** As `columns` and `sort` of a list of runs take it. */
  column: string;
  /** How many runs have it. */
  runs: number;
  /** Whether two of them have different values; of a metric the last ones are compared. */
  differs: boolean;
};

/** The names that runs have. */
export type Columns = {
  /** How many runs were looked at. */
  runs: number;
  /** Parameters, by name. */
  params: Column[];
  /** Metrics, by name: `loss`, or `loss{subset=val}` with a context. */
  metrics: Column[];
  /** Tags, by name. */
  tags: Column[];
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** A command that a server is asked to run on its store. */
export type CommandAsk = {
  /** Its words, without the program and the store: `["runs", "resnet", "--json"]`. */
  arguments: string[];
  /** What its answer is shown on. */
  screen?: Screen;
  /** Whether it says between its bytes where to go on; only `tail` does. */
  positions?: boolean;
};

/** Runs or groups of replicates side by side. */
export type CompareAnswer = {
  /** What is compared, in the order in which it was named. */
  groups: CompareGroup[];
  /** Which of the groups the others are compared with. */
  baseline: number;
  /** Params, those that differ first. */
  params: CompareParam[];
  /** Metrics, those that differ first and those of the machine last. */
  metrics: CompareMetric[];
  /** How many params and metrics were left out, since they are equal or of the machine. */
  hidden: number;
  /** How many p-values were corrected for one another. */
  tests: number;
  /** What to know before believing it, in sentences. */
  notes: string[];
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** Which runs side by side. */
export type CompareAsk = {
  /** From 1 to 100 runs: ids, beginnings of them, or names. */
  runs: string[];
  /** Leaves out what all of them have alike. */
  differing?: boolean;
  /** As it was then: an lsn, a time, or a length before now such as `-2h`. */
  at?: string | null;
};

/** A run, or replicates. */
export type CompareGroup = {
  /** The run that was named. */
  run: string;
  /** Its name. */
  name: string;
  /** Its experiment. */
  experiment: string;
  /** All of them, oldest first. */
  runs: string[];
  /** Whether the others are compared with it. */
  baseline: boolean;
};

/** A metric of all groups. */
export type CompareMetric = {
  /** Its name, with its context when it has one. */
  name: string;
  direction?: GoalDirection | null;
  /** Whether groups differ in it. */
  differs: boolean;
  /** The group with the best mean, where a direction is known. */
  best?: number | null;
  /** Of each group. */
  groups: CompareResult[];
  test?: CompareTested | null;
};

/** What a test found. */
export type CompareOutcome = {
  /** The test. */
  name: string;
  /** The letter that its statistic is written with. */
  symbol: string;
  /** Its statistic. */
  statistic: Number;
  /** Degrees of freedom, as many as the test has. */
  df: Number[];
  /** The p-value, two-sided and not corrected. */
  p: Number;
  /** The same corrected for all tests of the answer (Holm). */
  p_corrected: Number;
  /** Whether that is below alpha. */
  significant: boolean;
  /** Where the p-value comes from: `exact`, `asymptotic`, `parametric` or `resampled`. */
  method: string;
  /** How many values each group has. */
  n: number[];
  difference?: Estimate | null;
  /** The size of the effect. */
  effect: Effect;
  /** What to know before believing it. */
  notes: string[];
};

/** A param of all groups. */
export type CompareParam = {
  /** Its name. */
  name: string;
  /** Whether groups differ in it. */
  differs: boolean;
  /** Of each group, the different values that its runs have. */
  values: unknown[][];
};

/** A metric of one group. */
export type CompareResult = {
  /** The last values of its runs that are finite, in the order of the runs. */
  values: Number[];
  /** How many are not. */
  not_finite: number;
  /** How many are. */
  n: number;
  mean?: Number | null;
  median?: Number | null;
  min?: Number | null;
  max?: Number | null;
  std?: Number | null;
  interval?: Interval | null;
  difference?: Number | null;
  relative?: Number | null;
  /** Whether the difference is to the better. */
  better?: boolean | null;
  test?: CompareTested | null;
};

/** What a test found, or why it has no answer. */
export type CompareTested = {
  found?: CompareOutcome | null;
  /** Why it found nothing. */
  error?: string | null;
};

/** A metric of each run. */
export type ComparedMetric = {
  /** Its name. */
  name: string;
  /** Whether the runs differ in its last value. */
  differs: boolean;
  /** The value at the highest step. */
  last: (Number | null)[];
  /** The smallest value. */
  min: (Number | null)[];
  /** The largest value. */
  max: (Number | null)[];
  /** How many points there are. */
  count: number[];
};

/** A run of a comparison. */
export type ComparedRun = {
  /** Its id. */
  id: string;
  /** Its name. */
  name: string;
  /** Its experiment's name. */
  experiment: string;
};

/** A parameter or a tag of each run. */
export type ComparedValue = {
  /** Its name. */
  name: string;
  /** Whether the runs differ in it. */
  differs: boolean;
  /** What each run has. */
  values: unknown[];
};

/** Runs side by side. Every list of values has one for each run, in the same order; null where a run has none. */
export type Comparison = {
  /** The runs, as asked. */
  runs: ComparedRun[];
  /** Their parameters, by name. */
  params: ComparedValue[];
  /** Their tags, by name. */
  tags: ComparedValue[];
  /** Their metrics, by name. */
  metrics: ComparedMetric[];
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** Neighbouring points of a line together, in the order of the axis. */
export type CurveColumns = {
  /** The lowest place of each: a step, ms since 1970, seconds since the run started, or the value of a metric. */
  x_first: Number[];
  /** The highest. */
  x_last: Number[];
  /** The value at the lowest place. */
  first: Number[];
  /** The value at the highest place. */
  last: Number[];
  /** The smallest value; NaN where all are NaN. */
  min: Number[];
  /** Where it is. */
  min_x: Number[];
  /** The largest value; NaN where all are NaN. */
  max: Number[];
  /** Where it is. */
  max_x: Number[];
  /** The mean of the values that are numbers. */
  mean: Number[];
  /** Points in it. */
  count: number[];
  /** Those that are NaN. */
  nan_count: number[];
  /** The smoothed line at the highest place with a finite value; empty when it was not asked for. */
  smooth: Number[];
};

/** A damaged range. */
export type Damage = {
  /** The segment's file. */
  file: string;
  /** The first record of the segment. */
  segment: number;
  /** Where the damage begins in the file. */
  offset: number;
  /** Where the next whole frame begins, or the segment ends. */
  end_offset: number;
  /** The first record that cannot be read. */
  first: number;
  /** The first record behind the damage. */
  end: number;
  /** What is wrong. */
  cause: string;
  /** Whether readers skip it already. */
  skipped: boolean;
};

/** A dataset with its versions. */
export type Dataset = {
  /** Its id. */
  id: string;
  /** Its name. */
  name: string;
  /** What it is. */
  description: string;
  /** Its tags. */
  tags: Record<string, string>;
  /** When it was created. */
  created: string;
  /** Who created it. */
  actor: string;
  /** Whether it is deleted. */
  deleted: boolean;
  /** Its versions, oldest first. */
  versions: DatasetVersion[];
};

/** A version of a dataset that another was derived from. */
export type DatasetParent = {
  /** The id of the dataset. */
  dataset: string;
  /** The number of the version. */
  number: number;
};

/** A version of a dataset. */
export type DatasetVersion = {
  /** Its number, from 1. */
  number: number;
  /** Its semantic version. */
  version?: string | null;
  /** What tells its content from others. */
  digest: string;
  /** Where it comes from. */
  source: string;
  /** How many bytes it has. */
  bytes?: number | null;
  /** How many rows. */
  rows?: number | null;
  /** Its schema. */
  schema?: unknown;
  /** What its columns hold. */
  profile?: unknown;
  /** What it was derived from. */
  parents: DatasetParent[];
  /** How it was derived. */
  transformation?: string | null;
  /** The run that made it, by its short id. */
  run?: string | null;
  /** Its tags. */
  tags: Record<string, string>;
  /** Who added it. */
  actor: string;
  /** The record that added it. */
  lsn: number;
  /** When. */
  time: string;
  /** Whether it is removed. */
  removed: boolean;
};

/** Changes to a version of a dataset; what is not named stays. */
export type DatasetVersionChange = {
  /** Its semantic version; an empty text takes it away. */
  version?: string | null;
  /** Tags: a text sets one, null removes it. Their keys pick the version. */
  tags?: Record<string, string | null>;
};

/** What is to be with deleted runs. */
export type DeletedAsk = "without" | "with" | "only";

/** What a deletion did, or would do. */
export type Deletion = {
  /** What is deleted: its id. */
  id: string;
  /** How many runs go with it. */
  runs: number;
  /** Whether nothing was done. */
  dry_run: boolean;
  /** The record to undo. */
  lsn?: number | null;
};

/** A difference. */
export type Difference = {
  /** What it belongs to: `os`, `python`, `git`, .. */
  group: string;
  /** The key within it. */
  key: string;
  /** What the one says; null when nothing. */
  before?: string | null;
  /** What the other says. */
  after?: string | null;
};

/** In what the environments of two runs differ. */
export type Differences = {
  /** The differences, in a fixed order. */
  items: Difference[];
};

/** One thing depends on another. */
export type Edge = {
  /** The place of what data comes from. */
  from: number;
  /** The place of where it goes. */
  to: number;
  /** How: `uses_dataset`, `produces`, .. */
  kind: string;
  /** More about it. */
  note: string;
};

/** How one thing depends on another. */
export type EdgeKind = "contains" | "uses_dataset" | "uses_model" | "uses_artifact" | "produces" | "derived_from" | "evaluates" | "transforms" | "reproduces";

/** The size of an effect. */
export type Effect = {
  /** How it is measured. */
  name: string;
  /** The value. */
  value: Number;
  interval?: Interval | null;
};

/** How a run can end. */
export type EndName = "completed" | "failed" | "cancelled";

/** What was recorded of the machine and the code of a run. */
export type Environment = {
  /** The run. */
  run: string;
  /** The record that says so. */
  lsn: number;
  /** When it was captured. */
  captured: string;
  /** How well the run can be run again. */
  reproducible: string;
  /** The most telling facts. */
  summary: Record<string, string>;
  /** What was left out, and why. */
  left_out: string[];
  /** Everything that was recorded. */
  document?: unknown;
  /** The packages. */
  dependencies?: unknown;
};

/** The body of every answer that is an error. */
export type ErrorBody = {
  /** What went wrong, in words. */
  error: string;
  /** What kind of failure it is; the same in the library and on the command line. */
  code: ErrorCode;
  /** What to do about it. */
  hint?: string | null;
  /** The request, as it stands in the server's log. */
  request_id: string;
  place?: ErrorPlace | null;
};

/** What kind of failure it is. */
export type ErrorCode = "VALIDATION_ERROR" | "SERIALIZATION_ERROR" | "TOML_PARSE_ERROR" | "NOT_FOUND" | "BUSY" | "PORT_BUSY" | "CORRUPT" | "ARTIFACT_MISMATCH" | "UNAUTHORIZED" | "NETWORK" | "COMMAND_FAILED" | "PARTIAL" | "INVALID_STATE" | "CONFLICT" | "HISTORY_FLOOR" | "ARTIFACT_TOO_LARGE" | "DISK_FULL" | "IO_ERROR" | "UNSUPPORTED" | "STORAGE_ERROR" | "INTERNAL_ERROR";

/** The part of a filter or of an order that cannot be read. */
export type ErrorPlace = {
  /** The filter or the order as it was sent. */
  text: string;
  /** How many characters stand before the wrong part. */
  start: number;
  /** How many characters it has; 0 where something is missing. */
  length: number;
  /** What is wrong with it, in words. */
  message: string;
  /** What was probably meant, to stand in its place. */
  suggestion?: string | null;
};

/** A value with its interval. */
export type Estimate = {
  /** The value. */
  value: Number;
  interval?: Interval | null;
};

/** A record of the log. */
export type Event = {
  /** The record's number. */
  lsn: number;
  /** When it happened. */
  time: string;
  /** Its type, such as `metrics_logged`. */
  type: string;
  /** The version of its payload. */
  version: number;
  /** Who appended it. */
  writer: number;
  /** The run that it is about. */
  run?: string | null;
  /** The name of the experiment that it, or its run, belongs to. */
  experiment?: string | null;
  /** What it says. */
  payload: unknown;
  /** For values of metrics: the metrics, in the order of the values. */
  labels?: string[] | null;
};

/** What the log says about an experiment. */
export type Experiment = {
  /** Its number in the store. */
  id: number;
  /** Its name. */
  name: string;
  /** Its state. */
  state: ExperimentState;
  /** What it is about. */
  description: string;
  /** What it is to show. */
  hypothesis: string;
  /** Whose it is. */
  owner: string;
  /** Who else works on it. */
  collaborators: string[];
  /** Its tags; a plain tag has an empty value. */
  tags: Record<string, string>;
  goal?: Goal | null;
  /** Its metadata document. */
  metadata?: unknown;
  /** How many runs it has that are not deleted. */
  runs: number;
  /** Those by state. */
  runs_by_state: Record<string, number>;
  /** The moves that led to its state, oldest first. */
  moves: Move[];
  /** When it was created. */
  created: string;
  /** When it was changed last. */
  updated: string;
  /** When it went to the archive. */
  archived?: string | null;
  /** Whether it is deleted. */
  deleted: boolean;
  /** Who created it. */
  actor: string;
  /** The last record about it itself: what `If-Match` compares. */
  lsn: number;
};

/** Changes to an experiment; what is not named stays. */
export type ExperimentChange = {
  /** Its name. */
  name?: string | null;
  /** What it is about. */
  description?: string | null;
  /** What it is to show. */
  hypothesis?: string | null;
  /** Whose it is. */
  owner?: string | null;
  /** Who else works on it. */
  collaborators?: string[] | null;
  goal?: Goal | null;
  /** Takes its goal away. */
  no_goal?: boolean;
  /** Tags: a text sets one, null removes it. */
  tags?: Record<string, string | null>;
  state?: ExperimentState | null;
};

/** The state of an experiment. */
export type ExperimentState = "draft" | "active" | "paused" | "completed" | "archived" | "failed";

/** Something that was found. */
export type Found = {
  /** What it is. */
  kind: KindName;
  /** Of the thing itself, and of a note its run's; parameters, tags and metrics have none. */
  id?: string | null;
  /** Its name. */
  name: string;
  /** What more is said of it: a value, a description, a state, a note's text, which version. */
  value?: string | null;
  /** The experiment it belongs to, or is. */
  experiment?: string | null;
  /** How many runs have it, took it in, are in it, or are it. */
  run_count: number;
  /** The first hundred of those runs, newest first. */
  runs: string[];
};

/** What the runs of an experiment are after. */
export type Goal = {
  /** The metric. */
  metric: string;
  /** Whether it is better when it is smaller or larger. */
  direction: GoalDirection;
};

/** Whether a metric is better when it is smaller or larger. */
export type GoalDirection = "min" | "max";

/** Runs that are alike. */
export type Group = {
  /** What they have in each column of `by`, as text; null where they have nothing. */
  values: (string | null)[];
  /** How many they are. */
  runs: number;
  /** The numbers of the other columns, by column; a column that none of them has a number in is left out. */
  columns: Record<string, Numbers>;
};

/** How a metric lies over the runs of a group. */
export type GroupHistory = {
  /** The group's name. */
  group: string;
  /** The metric, with its context. */
  metric: string;
  /** How many of the runs have it in the range. */
  runs: number;
  /** How the values lie at each place, in the order of the steps. */
  spread: SpreadColumns;
};

/** Runs that belong together. */
export type GroupOfRuns = {
  /** What the answer calls it. */
  name: string;
  /** The runs. */
  runs: string[];
};

/** Metrics of groups of runs. */
export type GroupQuestion = {
  /** The groups; all of them together have at most 5,000 runs. */
  groups: GroupOfRuns[];
  /** Only metrics of these names; `*` and `?` stand for any letters. All when empty. */
  metrics?: string[];
  /** At most so many places for each metric; 500 unless said otherwise. */
  buckets?: number | null;
  /** From this step on. */
  from?: number | null;
  /** Up to this step, with it. */
  to?: number | null;
  /** As it was then: an lsn, a time, or a length before now such as `-2h`. */
  at?: string | null;
};

/** How metrics lie over the runs of groups. */
export type Groups = {
  /** Sorted by group as asked, then by metric. Metrics without a finite value in the range are left out. */
  items: GroupHistory[];
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** Runs in groups. */
export type GroupsForm = {
  /** The groups, the largest first. */
  groups: Group[];
  /** How many groups there are. */
  total: number;
  /** How many runs are in all of them. */
  runs: number;
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** A distribution at a step. */
export type Histogram = {
  /** What is distributed. */
  name: string;
  /** Its context: pairs, sorted by key. */
  context: ([string, string])[];
  /** The step. */
  step: number;
  /** When it happened. */
  time: string;
  /** The record it came with. */
  lsn: number;
  /** Bucket `i` holds values from edge `i` up to edge `i + 1`. */
  edges: Number[];
  /** How many values each bucket holds. */
  counts: number[];
  /** How many finite values there were. */
  count: number;
  /** How many values were NaN or infinite. */
  not_finite: number;
  /** The sum of the finite values. */
  sum: Number;
  /** The smallest of them. */
  min: Number;
  /** The largest of them. */
  max: Number;
};

/** Histories, each of one metric of one run. */
export type Histories = {
  /** Sorted by run as asked, then by name and context. Metrics without a point in the range are left out. */
  items: History[];
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** The history of a metric: every point, or buckets. */
export type History = {
  /** The run. */
  run: string;
  /** The metric's name with its context: `loss{subset=val}`. */
  metric: string;
  /** Its name alone. */
  name: string;
  /** Its context: pairs, sorted by key. */
  context: ([string, string])[];
  points?: PointColumns | null;
  buckets?: BucketColumns | null;
  curve?: CurveColumns | null;
};

/** Histories of many metrics of many runs. */
export type HistoryQuestion = {
  /** The runs: at most 1,000. */
  runs: string[];
  /** Only metrics of these names; `*` and `?` stand for any letters. All when empty. */
  metrics?: string[];
  /** At most so many buckets for each metric, with true extremes, instead of every point. */
  buckets?: number | null;
  /** From this step on. */
  from?: number | null;
  /** Up to this step, with it. */
  to?: number | null;
  /** From this time on: a time, or a length before now such as `-2h`. */
  since?: string | null;
  /** Before this time. */
  until?: string | null;
  /** The x axis of a chart: `step`, `time`, `relative` (seconds since the run started), or `metrics.NAME` (what another metric had at the same step, or last before it). With it, or with any of the four below, the answer has a `curve` instead of buckets by step; it needs `buckets`. */
  x?: string | null;
  /** `linear` or `log`: buckets are of one width on such an axis. On a logarithmic one, places at or below 0 are left out. */
  scale?: string | null;
  /** From this place on the x axis on. The smoothed line still knows everything before. */
  x_from?: number | null;
  /** Up to this place on the x axis, with it. */
  x_to?: number | null;
  /** How strongly the line beside is smoothed, from 0 to below 1; computed over every point before buckets are made. */
  smoothing?: number | null;
  /** The length of the x axis that `smoothing` is about, in its unit; that of the whole history unless said otherwise. */
  span?: number | null;
  /** Only these columns, of an answer in columns of bytes: a chart that needs few is answered in fewer bytes. */
  columns?: string[];
  /** As it was then: an lsn, a time, or a length before now such as `-2h`. */
  at?: string | null;
};

/** A line of the stream: what to log to a run. */
export type IngestLine = IngestPart & {
  /** The run: its id, the beginning of it, or its name. */
  run: string;
};

/** What a line logs. */
export type IngestPart = NewPoint | LogBatch;

/** What a run took in. */
export type Inputs = {
  /** The run. */
  run: string;
  /** Versions of datasets, in the order of the log. */
  datasets: Use[];
  /** Versions of models. */
  models: Use[];
};

/** The ends of an interval. */
export type Interval = {
  /** The lower end. */
  low: Number;
  /** The upper end. */
  high: Number;
  /** How sure it is, such as 0.95. */
  level: number;
};

/** What can be found. */
export type KindName = "experiment" | "run" | "param" | "tag" | "metric" | "note" | "dataset" | "model" | "artifact";

/** The last check of something, and the one that is being made. */
export type LastCheck = {
  last?: ArtifactChecked | null;
  running?: CheckProgress | null;
};

/** A line of a run's console or log. */
export type Line = {
  /** The record it came with. */
  lsn: number;
  /** Its place there. */
  index: number;
  /** When it was written. */
  time: string;
  /** How much it matters. */
  level: string;
  /** Where it comes from; empty when not known. */
  source: string;
  /** The text, without the line's end. */
  text: string;
  /** Whether it is a match itself and does not stand around one. */
  is_match: boolean;
};

/** Things and what depends on what. */
export type Lineage = {
  /** The things; the first is the one that was asked about. */
  nodes: Node[];
  /** What depends on what, by places in `nodes`, in the direction in which data goes. */
  edges: Edge[];
  /** Whether there is more than was told. */
  is_cut: boolean;
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** Lines of a run. */
export type Lines = {
  /** In the order in which they were logged. */
  items: Line[];
  /** The last record that the answer takes into account; 0 before the first line. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
};

/** Something depends on something. */
export type Link = {
  /** Where data comes from. */
  from: string;
  /** Where it goes. */
  to: string;
  /** How. */
  kind: EdgeKind;
  /** When it was linked. */
  time: string;
  /** The record that says so. */
  lsn: number;
  /** Who said so. */
  actor: string;
};

/** Two things and how the second depends on the first. */
export type LinkAsk = {
  /** Where data comes from: `run:NAME`, `dataset:NAME@v3`, .., or `external:URI` of something outside of the store. */
  from: string;
  /** Where it goes. */
  to: string;
  /** How. */
  kind: EdgeKind;
};

/** What became of a link. */
export type Linked = {
  /** Whether anything was done: a link that stands is not made again. */
  changed: boolean;
};

/** Something to log. */
export type LogBatch = {
  /** Points. */
  points?: NewPoint[];
  /** Parameters. One that has another value already is a conflict. */
  params?: Record<string, unknown>;
  /** Tags. */
  tags?: Record<string, string>;
};

/** The log of a store. */
export type LogForm = {
  /** The last record; 0 in an empty store. */
  lsn: number;
  /** The last of these records that the tables of experiments and runs have taken in. */
  index_lsn: number;
  /** How many of these records they have not taken in, a second after they were asked to: questions about runs wait until they have. */
  index_lag: number;
  /** Its segments, oldest first. */
  segments: Segment[];
  /** The snapshots that opening the store begins with, oldest first. */
  snapshots: Snapshot[];
  /** Nothing can be said about moments before this record, because runs were purged. */
  history_floor?: number | null;
  verified?: Verified | null;
};

/** A record of the log, with its weight. */
export type LogRecord = {
  /** The record's number. */
  lsn: number;
  /** When it happened. */
  time: string;
  /** Its type, such as `metrics_logged`; `unknown` for one that this server does not know. */
  type: string;
  /** The number of its type. */
  type_id: number;
  /** The version of its payload. */
  version: number;
  /** Who appended it. */
  writer: number;
  /** The run that it is about. */
  run?: string | null;
  /** The name of the experiment that it, or its run, belongs to. */
  experiment?: string | null;
  /** What it says; null when it was left out. */
  payload: unknown;
  /** For values of metrics: the metrics, in the order of the values. */
  labels: string[];
  /** When it was appended. */
  committed: string;
  /** How many bytes its payload has in the log. */
  payload_bytes: number;
  /** Whether the payload was left out because it is long: `GET /records/{lsn}` tells it. */
  payload_left_out: boolean;
  /** Why the payload cannot be decoded; null when it can. */
  unreadable?: string | null;
};

/** When a record was appended. */
export type LogTime = {
  /** The record. */
  lsn: number;
  /** When. */
  time: string;
};

/** When records were appended. */
export type LogTimes = {
  /** Spread evenly over the log, oldest first. */
  items: LogTime[];
};

/** A JSON value at a step. */
export type LoggedValue = {
  /** What it is a value of. */
  name: string;
  /** The step. */
  step: number;
  /** When it happened. */
  time: string;
  /** The record it came with. */
  lsn: number;
  /** The value. */
  value: unknown;
};

/** Records that cannot be read. */
export type LostRecords = {
  /** The first of them. */
  first: number;
  /** The first record behind them. */
  end: number;
};

/** All points of a metric of a run, in short. The last point is the one at the highest step. */
export type MetricFacts = {
  /** Points, those with NaN included. */
  count: number;
  /** Points whose value is NaN. */
  nan_count: number;
  /** The point at the lowest step. */
  first: PointFacts;
  /** The point at the highest step. */
  last: PointFacts;
  min?: PointFacts | null;
  max?: PointFacts | null;
  mean?: Number | null;
};

/** Numbers about the values of a metric. */
export type MetricNumbers = {
  /** The metric's name. */
  name: string;
  /** Its context: pairs, sorted by key. */
  context: ([string, string])[];
  /** Points, those with NaN included. */
  count: number;
  /** Points whose value is NaN. */
  nan_count: number;
  min?: Number | null;
  /** The step it was logged at. */
  min_step?: number | null;
  max?: Number | null;
  /** The step it was logged at. */
  max_step?: number | null;
  mean?: Number | null;
  std?: Number | null;
  median?: Number | null;
  p95?: Number | null;
  p99?: Number | null;
};

/** A model with its versions. */
export type Model = {
  /** Its id. */
  id: string;
  /** Its name. */
  name: string;
  /** What it is. */
  description: string;
  /** Its tags. */
  tags: Record<string, string>;
  /** When it was created. */
  created: string;
  /** Who created it. */
  actor: string;
  /** Whether it is deleted. */
  deleted: boolean;
  /** Names of versions, such as `champion`. */
  aliases: Record<string, number>;
  /** Its versions, oldest first. */
  versions: ModelVersion[];
};

/** A version of a model. */
export type ModelVersion = {
  /** Its number, from 1. */
  number: number;
  /** Its semantic version. */
  version?: string | null;
  /** What it is. */
  description: string;
  /** The stage it is in. */
  stage: string;
  /** The moves from stage to stage, oldest first. */
  moves: StageMove[];
  /** What it was made with. */
  flavour: string;
  /** Where it comes from. */
  source: string;
  /** What goes in and out. */
  signature?: unknown;
  /** Its metadata. */
  metadata?: unknown;
  /** Its files, by the ids of artifacts. */
  artifacts: string[];
  /** The run that made it, by its short id. */
  run?: string | null;
  /** Its tags. */
  tags: Record<string, string>;
  /** Who added it. */
  actor: string;
  /** The record that added it. */
  lsn: number;
  /** When. */
  time: string;
  /** Whether it is removed. */
  removed: boolean;
};

/** Changes to a version of a model; what is not named stays. */
export type ModelVersionChange = {
  /** Its semantic version; an empty text takes it away. */
  version?: string | null;
  /** What it is; an empty text takes that away. */
  description?: string | null;
  /** Tags: a text sets one, null removes it. Their keys pick the version. */
  tags?: Record<string, string | null>;
};

/** A change of an experiment's state. */
export type Move = {
  /** The state before. */
  from: ExperimentState;
  /** The state after. */
  to: ExperimentState;
  /** When. */
  time: string;
  /** The record that says so. */
  lsn: number;
  /** Who moved it. */
  actor: string;
  /** By which command or call. */
  command: string;
};

/** A new version of a dataset: files that come with it, or a reference to where they are. */
export type NewDatasetVersionForm = {
  /** Its files by name, as text. They are stored. */
  files?: Record<string, string>;
  /** Where its content is, or where it comes from. */
  source?: string | null;
  /** What tells its content from others, when the content is elsewhere; with a source and without files. */
  digest?: string | null;
  /** Its semantic version. */
  version?: string | null;
  bump?: BumpName | null;
  /** How many rows it has. */
  rows?: number | null;
  /** How many bytes it has, when the content is elsewhere. */
  bytes?: number | null;
  /** Its schema. */
  schema?: unknown;
  /** What its columns hold. */
  profile?: unknown;
  /** What it was derived from: versions such as `raw@v2`. */
  parents?: string[];
  /** How it was derived. */
  transformation?: string | null;
  /** The run that made it. */
  run?: string | null;
  /** Its tags. Their keys pick the version. */
  tags?: Record<string, string>;
};

/** A new experiment. */
export type NewExperiment = {
  /** Its name, which no other has. */
  name: string;
  /** What it is about. */
  description?: string | null;
  /** What it is to show. */
  hypothesis?: string | null;
  /** Whose it is. */
  owner?: string | null;
  /** Its tags. */
  tags?: Record<string, string>;
  goal?: Goal | null;
};

/** What a run is to have taken in: a version of a dataset or of a model. */
export type NewInput = {
  /** A version of a dataset, such as `digits@v2`. */
  dataset?: string | null;
  /** What the run did with the dataset: `train`, `validation`, `test` or a word of its own; `train` when absent. */
  split?: string | null;
  /** A version of a model, such as `resnet@champion`. */
  model?: string | null;
};

/** A new version of a model. */
export type NewModelVersionForm = {
  /** The artifacts it is made of, by their ids. */
  artifacts?: string[];
  /** Where it comes from: a URI or a path. */
  source?: string | null;
  /** The run that made it. */
  run?: string | null;
  /** What can load it. */
  flavour?: string | null;
  /** What goes in and out. */
  signature?: unknown;
  /** What else is said of it. */
  metadata?: unknown;
  /** Its semantic version. */
  version?: string | null;
  bump?: BumpName | null;
  /** What it is. */
  description?: string | null;
  /** Its tags. Their keys pick the version. */
  tags?: Record<string, string>;
};

/** A value of a metric. */
export type NewPoint = {
  /** The metric's name. */
  metric: string;
  /** The value. */
  value: Number;
  /** The step; 0 when absent. */
  step?: number;
  /** When it happened, in ms since 1970; now when absent. */
  time_ms?: number | null;
};

/** What somebody is to prefer from now on. */
export type NewPreferences = {
  /** What is preferred, in a form of the client's own: at most 256 KiB. */
  content: Record<string, unknown>;
};

/** A new run. */
export type NewRun = {
  /** Its experiment: its id or its name. */
  experiment: string;
  /** Its name; one is made up when absent. */
  name?: string | null;
  /** When it started: a time, or a length before now. Now when absent. */
  started?: string | null;
  /** Whether it waits for a machine. */
  queued?: boolean;
  /** The run it is a part of. */
  parent?: string | null;
  /** Its parameters. */
  params?: Record<string, unknown>;
  /** Its tags. */
  tags?: Record<string, string>;
};

/** A new dataset or model. */
export type NewThing = {
  /** Its name, which no other has. */
  name: string;
  /** What it is. */
  description?: string | null;
  /** Its tags; a plain one has an empty value. */
  tags?: Record<string, string>;
};

/** What a view is to be. */
export type NewView = {
  /** What people call it. */
  name: string;
  /** What it shows, in a form of the client's own. */
  content?: Record<string, unknown>;
};

/** A thing. */
export type Node = {
  /** Its name in questions. */
  node: string;
  /** What it is: `run`, `dataset_version`, .. */
  kind: string;
  /** Its name for people. */
  name: string;
  /** Whether it is `present`, `deleted`, `removed` or `gone`. */
  state: string;
  /** When it came to be; null where nobody knows. */
  created?: string | null;
  /** How many steps away it is. */
  depth: number;
};

/** A note on a run. */
export type Note = {
  /** The record that added it, which is its name. */
  lsn: number;
  /** When it was added. */
  time: string;
  /** The note, in Markdown. */
  text: string;
  /** Who wrote it. */
  actor: string;
};

/** The notes on a run. */
export type Notes = {
  /** Oldest first. */
  items: Note[];
};

export type Number = number | "NaN" | "Infinity" | "-Infinity";

/** Numbers of runs, in short. NaN is counted and left out of the rest. */
export type Numbers = {
  /** How many runs have one. */
  count: number;
  mean?: Number | null;
  min?: Number | null;
  max?: Number | null;
};

/** One thing that was done. */
export type Operation = {
  /** Its first record: what undoing takes. */
  lsn: number;
  /** Its last record. */
  last: number;
  /** When. */
  time: string;
  /** Who did it. */
  actor: string;
  /** By which command or call. */
  command: string;
  /** What kind of thing. */
  kind: string;
  /** What, in words. */
  what: string;
  /** The run it is about. */
  run?: string | null;
  /** The experiment it is about. */
  experiment_id?: number | null;
  /** The operation it took back. */
  undoes?: number | null;
  /** The operation that took it back. */
  undone_by?: number | null;
};

/** What was done to the store. */
export type Operations = {
  /** The newest first. */
  items: Operation[];
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
};

/** What a run made. */
export type Outputs = {
  /** The run. */
  run: string;
  /** Its artifacts, at most a thousand; `GET /runs/{run}/artifacts` pages through all of them. */
  artifacts: Artifact[];
  /** How many artifacts it has. */
  artifacts_total: number;
  /** Versions of datasets, such as `digits@v2`. */
  datasets: string[];
  /** Versions of models, such as `resnet@v7`. */
  models: string[];
};

/** A part of a list. */
export type Page_Artifact = {
  /** What is on this page. */
  items: {
    /** Its id. */
    id: string;
    /** The run. */
    run: string;
    /** The run's name. */
    run_name: string;
    /** Its path in the run. */
    path: string;
    /** Its version, from 1. */
    version: number;
    /** What it is: `model`, `image`, `file`, .. */
    kind: string;
    /** Its media type. */
    media_type: string;
    /** How many bytes it has. */
    bytes: number;
    /** The BLAKE3 hash of its bytes. */
    blake3: string;
    /** The step it was logged at. */
    step?: number | null;
    /** Its metadata. */
    metadata?: unknown;
    /** The record that logged it. */
    lsn: number;
    /** When. */
    logged: string;
    /** Why it was removed, when it was. */
    removed?: string | null;
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_Dataset = {
  /** What is on this page. */
  items: {
    /** Its id. */
    id: string;
    /** Its name. */
    name: string;
    /** What it is. */
    description: string;
    /** Its tags. */
    tags: Record<string, string>;
    /** When it was created. */
    created: string;
    /** Who created it. */
    actor: string;
    /** Whether it is deleted. */
    deleted: boolean;
    /** Its versions, oldest first. */
    versions: DatasetVersion[];
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_Experiment = {
  /** What is on this page. */
  items: {
    /** Its number in the store. */
    id: number;
    /** Its name. */
    name: string;
    /** Its state. */
    state: ExperimentState;
    /** What it is about. */
    description: string;
    /** What it is to show. */
    hypothesis: string;
    /** Whose it is. */
    owner: string;
    /** Who else works on it. */
    collaborators: string[];
    /** Its tags; a plain tag has an empty value. */
    tags: Record<string, string>;
    goal?: Goal | null;
    /** Its metadata document. */
    metadata?: unknown;
    /** How many runs it has that are not deleted. */
    runs: number;
    /** Those by state. */
    runs_by_state: Record<string, number>;
    /** The moves that led to its state, oldest first. */
    moves: Move[];
    /** When it was created. */
    created: string;
    /** When it was changed last. */
    updated: string;
    /** When it went to the archive. */
    archived?: string | null;
    /** Whether it is deleted. */
    deleted: boolean;
    /** Who created it. */
    actor: string;
    /** The last record about it itself: what `If-Match` compares. */
    lsn: number;
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_Found = {
  /** What is on this page. */
  items: {
    /** What it is. */
    kind: KindName;
    /** Of the thing itself, and of a note its run's; parameters, tags and metrics have none. */
    id?: string | null;
    /** Its name. */
    name: string;
    /** What more is said of it: a value, a description, a state, a note's text, which version. */
    value?: string | null;
    /** The experiment it belongs to, or is. */
    experiment?: string | null;
    /** How many runs have it, took it in, are in it, or are it. */
    run_count: number;
    /** The first hundred of those runs, newest first. */
    runs: string[];
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_Histogram = {
  /** What is on this page. */
  items: {
    /** What is distributed. */
    name: string;
    /** Its context: pairs, sorted by key. */
    context: ([string, string])[];
    /** The step. */
    step: number;
    /** When it happened. */
    time: string;
    /** The record it came with. */
    lsn: number;
    /** Bucket `i` holds values from edge `i` up to edge `i + 1`. */
    edges: Number[];
    /** How many values each bucket holds. */
    counts: number[];
    /** How many finite values there were. */
    count: number;
    /** How many values were NaN or infinite. */
    not_finite: number;
    /** The sum of the finite values. */
    sum: Number;
    /** The smallest of them. */
    min: Number;
    /** The largest of them. */
    max: Number;
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_Link = {
  /** What is on this page. */
  items: {
    /** Where data comes from. */
    from: string;
    /** Where it goes. */
    to: string;
    /** How. */
    kind: EdgeKind;
    /** When it was linked. */
    time: string;
    /** The record that says so. */
    lsn: number;
    /** Who said so. */
    actor: string;
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_LoggedValue = {
  /** What is on this page. */
  items: {
    /** What it is a value of. */
    name: string;
    /** The step. */
    step: number;
    /** When it happened. */
    time: string;
    /** The record it came with. */
    lsn: number;
    /** The value. */
    value: unknown;
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_Model = {
  /** What is on this page. */
  items: {
    /** Its id. */
    id: string;
    /** Its name. */
    name: string;
    /** What it is. */
    description: string;
    /** Its tags. */
    tags: Record<string, string>;
    /** When it was created. */
    created: string;
    /** Who created it. */
    actor: string;
    /** Whether it is deleted. */
    deleted: boolean;
    /** Names of versions, such as `champion`. */
    aliases: Record<string, number>;
    /** Its versions, oldest first. */
    versions: ModelVersion[];
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_Run = {
  /** What is on this page. */
  items: {
    /** Its id: 32 hex digits. */
    id: string;
    /** The id as people write it: 8 hex digits of its random tail. */
    short: string;
    /** Its name. */
    name: string;
    /** Its experiment's name. */
    experiment: string;
    /** Its experiment's id. */
    experiment_id: number;
    /** Its number there, from 1. */
    number: number;
    /** Its state, with who is alive and its time limit taken into account. */
    state: RunState;
    /** The run it is a part of. */
    parent?: string | null;
    /** The seed of its random numbers. */
    seed?: number | null;
    /** When it was created. */
    created: string;
    /** When it was started for the first time. */
    started?: string | null;
    /** When it ended, or was recorded as lost. */
    ended?: string | null;
    /** When something was logged to it last. */
    heard: string;
    /** For how many seconds nothing was logged to it, when it is detached and running. */
    silent_s?: number | null;
    /** Whether it outlives its writers. */
    detached: boolean;
    /** Whether it is deleted, by itself or with its experiment. */
    deleted: boolean;
    /** After how many seconds of running it counts as timed out. */
    timeout_s?: number | null;
    /** The machine it was started or resumed on last. */
    host: string;
    /** The process, likewise. */
    pid: number;
    /** Who created it. */
    actor: string;
    /** By which command it was created. */
    command: string;
    error?: RunError | null;
    /** Its parameters: what JSON has a form for as it is, the rest as text. */
    params: Record<string, unknown>;
    /** Its tags; a plain tag has an empty value. */
    tags: Record<string, string>;
    /** Its metrics, by name: `loss`, or `loss{subset=val}` with a context. */
    metrics: Record<string, MetricFacts>;
    /** Values logged for all metrics together. */
    points: number;
    /** Those logged when it was not running any more. */
    points_late: number;
    /** Lines of its console and log. */
    lines: number;
    /** How many notes it has. */
    notes: number;
    /** The last of them. */
    last_note?: string | null;
    /** The last record about it: what `If-Match` compares. */
    lsn: number;
    /** The values of the columns that were asked for, by column. */
    columns: Record<string, unknown>;
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** A part of a list. */
export type Page_View = {
  /** What is on this page. */
  items: {
    /** Its id. */
    id: string;
    /** What people call it. */
    name: string;
    /** What it shows, in a form of the client's own. */
    content: Record<string, unknown>;
    /** Who made it. */
    author: string;
    /** When. */
    created: string;
    /** Who changed it last. */
    actor: string;
    /** When. */
    updated: string;
    /** The record that did: what `If-Match` compares. */
    lsn: number;
    /** What it was before, oldest first: `?at=` with a record shows it. The oldest of more than a hundred are not told. */
    earlier: ViewVersion[];
  }[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record that the answer takes into account; 0 in an empty store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
  /** What is not wrong and yet probably not meant, such as a name that no run has. */
  notes: string[];
};

/** Points in the order of their steps; of several at one step, the one logged first comes first. */
export type PointColumns = {
  /** The step of each. */
  step: number[];
  /** When it happened, in ms since 1970. */
  time_ms: number[];
  /** The value. */
  value: Number[];
  /** The record it came with. */
  lsn: number[];
};

/** One value of a metric. */
export type PointFacts = {
  /** The value. */
  value: Number;
  /** Its step. */
  step: number;
  /** When it happened. */
  time: string;
};

/** What somebody prefers. */
export type Preferences = {
  /** The name of the key that was shown; null for all who show none. */
  user?: string | null;
  /** What is preferred, in a form of the client's own; null while nothing was said. */
  content?: Record<string, unknown> | null;
  /** The record that said so. */
  lsn?: number | null;
};

/** A part of the log. */
export type Records = {
  /** The records: before `before` the newest first, from `from` on the oldest first. */
  items: LogRecord[];
  /** The last record of the log; 0 in an empty store. */
  lsn: number;
  /** The next answer's `before` or `from`, as this one's; null at the beginning or the end of the log. It may be there though `items` are few or none: an answer reads at most 200,000 records or so. */
  next?: number | null;
  /** How many records were read for this answer. */
  scanned: number;
  /** What was met that cannot be read. */
  lost: LostRecords[];
};

/** A line that was refused. */
export type Refused = {
  /** The line, counted from 1. */
  line: number;
  /** What is wrong with it. */
  error: string;
  /** What kind of failure it is. */
  code: ErrorCode;
};

/** What a removal did, or would do. */
export type Removal = {
  /** What is removed. */
  what: string;
  /** Whether nothing was done. */
  dry_run: boolean;
  /** The record to undo; null when nothing was done. */
  lsn?: number | null;
};

/** What the log says about a run. */
export type Run = {
  /** Its id: 32 hex digits. */
  id: string;
  /** The id as people write it: 8 hex digits of its random tail. */
  short: string;
  /** Its name. */
  name: string;
  /** Its experiment's name. */
  experiment: string;
  /** Its experiment's id. */
  experiment_id: number;
  /** Its number there, from 1. */
  number: number;
  /** Its state, with who is alive and its time limit taken into account. */
  state: RunState;
  /** The run it is a part of. */
  parent?: string | null;
  /** The seed of its random numbers. */
  seed?: number | null;
  /** When it was created. */
  created: string;
  /** When it was started for the first time. */
  started?: string | null;
  /** When it ended, or was recorded as lost. */
  ended?: string | null;
  /** When something was logged to it last. */
  heard: string;
  /** For how many seconds nothing was logged to it, when it is detached and running. */
  silent_s?: number | null;
  /** Whether it outlives its writers. */
  detached: boolean;
  /** Whether it is deleted, by itself or with its experiment. */
  deleted: boolean;
  /** After how many seconds of running it counts as timed out. */
  timeout_s?: number | null;
  /** The machine it was started or resumed on last. */
  host: string;
  /** The process, likewise. */
  pid: number;
  /** Who created it. */
  actor: string;
  /** By which command it was created. */
  command: string;
  error?: RunError | null;
  /** Its parameters: what JSON has a form for as it is, the rest as text. */
  params: Record<string, unknown>;
  /** Its tags; a plain tag has an empty value. */
  tags: Record<string, string>;
  /** Its metrics, by name: `loss`, or `loss{subset=val}` with a context. */
  metrics: Record<string, MetricFacts>;
  /** Values logged for all metrics together. */
  points: number;
  /** Those logged when it was not running any more. */
  points_late: number;
  /** Lines of its console and log. */
  lines: number;
  /** How many notes it has. */
  notes: number;
  /** The last of them. */
  last_note?: string | null;
  /** The last record about it: what `If-Match` compares. */
  lsn: number;
  /** The values of the columns that were asked for, by column. */
  columns: Record<string, unknown>;
};

/** Changes to a run; what is not named stays. */
export type RunChange = {
  /** Its name. */
  name?: string | null;
  /** Tags: a text sets one, null removes it. */
  tags?: Record<string, string | null>;
  /** A note to add, in Markdown. */
  note?: string | null;
  /** The note to remove, by the record that added it. */
  remove_note?: number | null;
};

/** How a run ends. */
export type RunEnd = {
  /** How; `completed` when absent. */
  state?: EndName;
  /** When: a time, or a length before now. Now when absent. */
  time?: string | null;
};

/** What went wrong in a run. */
export type RunError = {
  /** The kind of error: a type's name, `panic`, .. */
  kind: string;
  /** What it said. */
  message: string;
  /** The stack trace. */
  trace?: string | null;
  /** What caused it. */
  cause?: string | null;
  /** Whether trying again may help. */
  recoverable: boolean;
};

/** The state of a run. */
export type RunState = "pending" | "queued" | "running" | "completed" | "failed" | "cancelled" | "timed_out" | "lost";

/** Which runs, and what of them. */
export type RunsQuestion = {
  /** Only runs of this experiment: its id or its name. */
  experiment?: string | null;
  /** Only runs that each of these filters admits, such as `acc > 0.9 and params.opt in ('adam', 'sgd')`. */
  filter?: string[];
  /** Columns to sort by: `loss`, `loss.min`, `=lr`, `.started`, with `-` before it the largest first. */
  sort?: string[];
  /** Only runs in these states. */
  state?: RunState[];
  /** Only the parts of this run. */
  parent?: string | null;
  deleted?: DeletedAsk | null;
  /** Columns whose values each run is to have under `columns`: `loss`, `loss.min@step`, `=lr`, `tags.paper`, `.took`. */
  columns?: string[];
  /** As it was then: an lsn, a time, or a length before now such as `-2h`. */
  at?: string | null;
  /** At most so many. */
  limit?: number | null;
  /** The next page: what the page before named as `next`. */
  cursor?: string | null;
  /** Leaves out so many from the beginning: any part of the list as it is now. Not with `cursor`. */
  offset?: number | null;
  /** Only these members of each, with commas between them. */
  fields?: string[];
};

/** What the answer to a command is shown on. */
export type Screen = {
  /** Whether a person watches the answer. */
  is_watched?: boolean;
  /** Whether a person watches what is said beside it. */
  is_told?: boolean;
  /** Columns. */
  width?: number;
  /** Lines. */
  height?: number;
  /** Whether the answer has colours. */
  colour?: boolean;
  /** Whether what is said beside it has. */
  told_colour?: boolean;
  /** Whether it shows more than ASCII. */
  is_unicode?: boolean;
};

/** A file of the log. */
export type Segment = {
  /** Its first record. */
  first: number;
  /** The record behind its last. */
  next: number;
  /** The epoch its records belong to. */
  epoch: string;
  /** Bytes on the disk. */
  bytes: number;
  /** Bytes of them that are records. */
  used_bytes: number;
  /** Whether it is packed. */
  packed: boolean;
  /** Whether it is sealed: nothing is appended to it any more, and a hash says what it holds. */
  sealed: boolean;
};

/** A snapshot of the index. */
export type Snapshot = {
  /** The file. */
  file: string;
  /** Its bytes. */
  bytes: number;
  /** The first record that it does not know of; null where its name does not say. */
  next?: number | null;
};

/** How the values lie at each place: columns of one length. */
export type SpreadColumns = {
  /** The lowest step that counts. */
  step_first: number[];
  /** The highest. */
  step_last: number[];
  /** How many runs have a finite value there. */
  n: number[];
  /** The mean of their values. */
  mean: Number[];
  /** The value in the middle. */
  median: Number[];
  /** The standard deviation of a sample, with n - 1; null for one run. */
  std: (Number | null)[];
  /** The standard error of the mean: std / sqrt(n); null for one run. */
  stderr: (Number | null)[];
  /** Where the 95 % interval of the mean begins, by Student's t with n - 1 degrees; null for one run. */
  low95: (Number | null)[];
  /** Where it ends. */
  high95: (Number | null)[];
  /** The smallest value. */
  min: Number[];
  /** The largest value. */
  max: Number[];
};

/** Where a version goes. */
export type StageAsk = {
  /** The stage. */
  stage: StageName;
  /** Whether every other version in this stage is archived. */
  alone?: boolean;
};

/** A version of a model went from one stage to another. */
export type StageMove = {
  /** The stage before. */
  from: string;
  /** The stage behind. */
  to: string;
  /** Who moved it. */
  actor: string;
  /** The record that says so. */
  lsn: number;
  /** When. */
  time: string;
};

/** The stages that a version can be in. */
export type StageName = "None" | "Staging" | "Production" | "Archived";

/** A store. */
export type Store = {
  /** The server's version. */
  version: string;
  /** The store's folder. */
  path: string;
  /** Whether calls that change it are refused. */
  read_only: boolean;
  /** What the caller may do: a `viewer` looks, a `writer` changes, too, an `admin` may do everything. */
  role: string;
  /** The name of the caller's key; null on a server that asks for none. */
  caller?: string | null;
  /** The last record; 0 in an empty store. */
  lsn: number;
  /** The end of the log as a place that tells when the log was cut off: a value for `after` of the live stream. */
  position?: string | null;
  /** Bytes of its log. */
  log_bytes: number;
  /** Experiments that are not deleted. */
  experiments: number;
  /** Runs that are not deleted. */
  runs: number;
  /** Runs that run. */
  running: number;
  /** Listeners of the live stream. */
  listeners: number;
  /** Nothing can be said about moments before this record, because runs were purged. */
  history_floor?: number | null;
};

/** Changes to a dataset or a model; what is not named stays. */
export type ThingChange = {
  /** Its name. */
  name?: string | null;
  /** What it is; an empty text takes that away. */
  description?: string | null;
  /** Tags: a text sets one, null removes it. */
  tags?: Record<string, string | null>;
};

/** What happened since the tick before. */
export type Tick = {
  /** The last record that is part of it. */
  lsn: number;
  /** The points, by run and metric. */
  points: TickPoints[];
  /** Everything else, in the order of the log. */
  events: Event[];
};

/** The new points of a metric of a run, in the order of the log. */
export type TickPoints = {
  /** The run. */
  run: string;
  /** Its experiment's name. */
  experiment?: string | null;
  /** The metric, with its context. */
  metric: string;
  /** How many points there were. When it is more than are told here, ask for the history from `step_first` on. */
  count: number;
  /** The lowest step among them. */
  step_first: number;
  /** The step of each. */
  step: number[];
  /** When it happened, in ms since 1970; that of the record for points that were logged together. */
  time_ms: number[];
  /** The value. */
  value: Number[];
};

/** What to take back. */
export type UndoAsk = {
  /** A record of the operation; the last operation when absent. */
  lsn?: number | null;
  /** Only say what would happen. */
  dry_run?: boolean;
};

/** What was taken back. */
export type UndoneForm = {
  /** The operation: its first record. */
  operation: number;
  /** What was done, in words. */
  what: string;
  /** What could not be taken back, or is worth knowing. */
  remarks: string[];
  /** The record that says so; null when nothing was done. */
  lsn?: number | null;
};

/** A run took in a version of a dataset or a model. */
export type Use = {
  /** The run, by its short id. */
  run: string;
  /** The name of what it took in, at that time. */
  name: string;
  /** The version's number. */
  number: number;
  /** What the run does with it: `train`, `test`, ..; null for a model. */
  split?: string | null;
  /** What was asked for. */
  selector: string;
  /** The record that says so. */
  lsn: number;
  /** When. */
  time: string;
};

/** What a check of the log found. */
export type Verified = {
  /** When it began. */
  time: string;
  /** How many seconds it took. */
  took_s: number;
  /** Whether every byte was read. */
  deep: boolean;
  /** Whether nothing is wrong that readers do not already skip. */
  sound: boolean;
  /** Segments of the log. */
  segments: number;
  /** Of those, sealed ones. */
  sealed: number;
  /** Of those, packed ones. */
  packed: number;
  /** Records that were read. */
  records: number;
  /** Bytes that were read and checked. */
  bytes: number;
  /** Hash of the newest sealed segment: kept elsewhere, it proves the history. */
  head?: string | null;
  /** What is wrong, in the order of the log. */
  damages: Damage[];
};

/** A line of a check under way: how far it is, or what it found. */
export type VerifyLine = {
  /** Segments done, and segments in all. */
  progress: {
    /** Done. */
    done: number;
    /** In all. */
    total: number;
  };
} | {
  /** It is over. */
  report: Verified;
} | {
  /** It broke off. */
  failed: {
    /** Why. */
    error: string;
  };
};

/** A file of a version. */
export type VersionFile = {
  /** Its path. */
  path: string;
  /** How many bytes it has. */
  bytes: number;
  /** The BLAKE3 hash of its bytes. */
  blake3: string;
};

/** Files of a version. */
export type VersionFiles = {
  /** The version, whatever selected it: what asks for the next page and for the bytes of just these files. */
  selector: string;
  /** Where it was added from. */
  source: string;
  /** The files on this page. */
  items: VersionFile[];
  /** How many there are on all pages together. */
  total: number;
  /** The last record of the store. */
  lsn: number;
  /** The `cursor` of the next page; null on the last. */
  next?: string | null;
};

/** A view. */
export type View = {
  /** Its id. */
  id: string;
  /** What people call it. */
  name: string;
  /** What it shows, in a form of the client's own. */
  content: Record<string, unknown>;
  /** Who made it. */
  author: string;
  /** When. */
  created: string;
  /** Who changed it last. */
  actor: string;
  /** When. */
  updated: string;
  /** The record that did: what `If-Match` compares. */
  lsn: number;
  /** What it was before, oldest first: `?at=` with a record shows it. The oldest of more than a hundred are not told. */
  earlier: ViewVersion[];
};

/** What a view was at a time. */
export type ViewVersion = {
  /** The record that made it so. */
  lsn: number;
  /** When. */
  time: string;
  /** Who did. */
  actor: string;
};

/** A dataset or a model, and who took it in. */
export type WithUses_Dataset = {
  /** A dataset with its versions. */
  item: {
    /** Its id. */
    id: string;
    /** Its name. */
    name: string;
    /** What it is. */
    description: string;
    /** Its tags. */
    tags: Record<string, string>;
    /** When it was created. */
    created: string;
    /** Who created it. */
    actor: string;
    /** Whether it is deleted. */
    deleted: boolean;
    /** Its versions, oldest first. */
    versions: DatasetVersion[];
  };
  /** The number of the version that was named; null when none was. */
  picked?: number | null;
  /** The runs that took it in. */
  uses: Use[];
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** A dataset or a model, and who took it in. */
export type WithUses_Model = {
  /** A model with its versions. */
  item: {
    /** Its id. */
    id: string;
    /** Its name. */
    name: string;
    /** What it is. */
    description: string;
    /** Its tags. */
    tags: Record<string, string>;
    /** When it was created. */
    created: string;
    /** Who created it. */
    actor: string;
    /** Whether it is deleted. */
    deleted: boolean;
    /** Names of versions, such as `champion`. */
    aliases: Record<string, number>;
    /** Its versions, oldest first. */
    versions: ModelVersion[];
  };
  /** The number of the version that was named; null when none was. */
  picked?: number | null;
  /** The runs that took it in. */
  uses: Use[];
  /** The last record that the answer takes into account. */
  lsn: number;
};

/** What was written. */
export type Written = {
  /** The last record of it; null when there was nothing to write. */
  lsn?: number | null;
};
