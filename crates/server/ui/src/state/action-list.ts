/**
 * What can be done on the pages, known before they are opened, so that their keys can be chosen.
 *
 * Invariant: each stands on its page under the same id, with the same keys, and each of a page is here; only the parts
 * of a comparison are known once it was open.
 */

/** An action that is not offered yet. */
export interface Listed {
  readonly id: string;
  readonly title: string;
  readonly keys?: string;
}

const listed = (id: string, title: string, keys?: string): Listed => ({ id, title, ...(keys === undefined ? {} : { keys }) });

export const LISTED: readonly Listed[] = [
  listed("experiments.filter", "Filter the experiments", "/"),
  listed("experiments.archive", "Archive the experiment", "Delete"),
  listed("experiments.restore", "Take the experiment out of the archive"),
  listed("runs.filter", "Filter the runs", "/"),
  listed("runs.table", "Go to the table", "g t"),
  listed("runs.next", "Next run", "j"),
  listed("runs.previous", "Previous run", "k"),
  listed("runs.open", "Open the run", "Enter"),
  listed("runs.select", "Select the run", "x"),
  listed("runs.range", "Select up to the run", "Shift+x"),
  listed("runs.none", "Select nothing", "Escape"),
  listed("runs.compare", "Compare the selected runs", "c"),
  listed("runs.baseline", "Pin the run as baseline", "p"),
  listed("runs.hide", "Hide the runs", "h"),
  listed("runs.tag", "Tag the runs", "e"),
  listed("runs.note", "Add a note to the runs", "n"),
  listed("runs.rename", "Rename the run", "r"),
  listed("runs.delete", "Delete the runs", "Delete"),
  listed("runs.columns", "Choose columns", "v"),
  listed("runs.show-new", "Show new runs", "."),
  listed("runs.restore", "Restore the runs"),
  listed("runs.bulk", "Change all runs of the filter"),
  listed("runs.unhide", "Show hidden runs"),
  listed("runs.deleted", "Show deleted runs too, or not"),
  listed("runs.views", "Saved views"),
  listed("runs.first", "First run"),
  listed("side.end", "Open or close: charts", "]"),
  listed("run.compare", "Compare this run", "c"),
  listed("run.tag", "Tag this run", "e"),
  listed("run.note", "Add a note to this run", "n"),
  listed("run.rename", "Rename this run", "r"),
  listed("run.delete", "Delete this run", "Delete"),
  listed("run.end", "End this run"),
  listed("run.restore", "Restore this run"),
  listed("datasets.new", "Make a dataset", "n"),
  listed("models.new", "Make a model", "n"),
  listed("thing.rename", "Rename this dataset", "r"),
  listed("thing.describe", "Describe this dataset"),
  listed("thing.delete", "Delete this dataset", "Delete"),
  listed("thing.restore", "Restore this dataset"),
  listed("lineage.other", "Lineage: begin with something else"),
  listed("lineage.list", "Lineage: as a list"),
  listed("lineage.graph", "Lineage: as a graph"),
  listed("lineage.timeline", "Lineage: as a time line"),
  listed("compare.baseline", "Make the next run the baseline", "p"),
  listed("chart.reset", "Reset the zoom", "z"),
  listed("chart.log", "Logarithmic y axis", "y"),
  listed("chart.axis", "Next x axis", "t"),
  listed("chart.smooth", "Smoother lines", "s"),
  listed("media.blink", "Blink between two images", "b"),
  listed("log.before", "Log: to the operation before", ","),
  listed("log.behind", "Log: to the operation behind", "."),
];
