/**
 * Writes src/api/types.ts: the forms of the interface /api/v1 as TypeScript, from its description.
 *
 * Invariant: the file depends on docs/openapi.json alone; `--check` changes nothing and fails when they differ.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const source = new URL("../../../../docs/openapi.json", import.meta.url);
const target = new URL("../src/api/types.ts", import.meta.url);
const HEAD = `/**
 * The forms of the interface /api/v1, written by \`npm run types\` from docs/openapi.json.
 *
 * Invariant: nobody writes here by hand; what differs from the description fails the checks.
 */
/* eslint-disable */
`;

const nameOf = (reference) => reference.split("/").at(-1);
const isName = (text) => /^[A-Za-z_$][\w$]*$/.test(text);
const key = (text) => (isName(text) ? text : JSON.stringify(text));
const comment = (text, indent) =>
  text ? `${indent}/** ${text.replaceAll("*/", "* /").replaceAll(/\s*\n\s*/g, " ")} */\n` : "";

/** A schema as a type. */
function typeOf(schema, indent) {
  if (typeof schema !== "object") return schema === false ? "never" : "unknown";
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  const members = schema.oneOf ?? schema.anyOf;
  if (members) return [...new Set(members.map((member) => typeOf(member, indent)))].join(" | ");
  if (schema.allOf) return schema.allOf.map((member) => typeOf(member, indent)).join(" & ");
  const kinds = [schema.type].flat();
  return [...new Set(kinds.map((kind) => kindOf(kind, schema, indent)))].join(" | ");
}

function kindOf(kind, schema, indent) {
  switch (kind) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array": {
      if (schema.prefixItems) return `[${schema.prefixItems.map((item) => typeOf(item, indent)).join(", ")}]`;
      const item = typeOf(schema.items, indent);
      return /[ |&]/.test(item) && !item.endsWith("}") ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      return objectOf(schema, indent);
    default:
      return "unknown";
  }
}

function objectOf(schema, indent) {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) {
    const values = schema.additionalProperties;
    return values ? `Record<string, ${typeOf(values, indent)}>` : "Record<string, unknown>";
  }
  const inner = `${indent}  `;
  const required = new Set(schema.required ?? []);
  const lines = properties.map(([name, property]) => {
    const mark = required.has(name) ? "" : "?";
    return `${comment(property.description, inner)}${inner}${key(name)}${mark}: ${typeOf(property, inner)};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

const description = JSON.parse(readFileSync(source, "utf8"));
const parts = Object.entries(description.components.schemas).map(
  ([name, schema]) => `\n${comment(schema.description, "")}export type ${name} = ${typeOf(schema, "")};\n`,
);
const written = HEAD + parts.join("");
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== written) {
    console.error(`${fileURLToPath(target)} is not what docs/openapi.json says: npm run types`);
    process.exit(1);
  }
} else {
  writeFileSync(target, written);
}
