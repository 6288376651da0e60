/** Bun.YAML for the lean engine, by the yaml package. Pure. */
import { parseAllDocuments } from 'yaml';

/** The document; an array of them when there are several. Throws what is wrong with the first that is no YAML. */
export function parse(text: string): unknown {
  const documents = parseAllDocuments(text);
  const values = [...documents].map((document) => {
    const [mistake] = document.errors;
    if (mistake !== undefined) throw new SyntaxError(mistake.message);
    return document.toJS() as unknown;
  });
  return values.length > 1 ? values : (values[0] ?? null);
}
