/** Networks that stand in the manifests at hand, before those that stand elsewhere. Pure. */
import { toDefinition } from '../attach/definition';
import type { Networks } from '../attach/ports';
import { manifestsOf } from '../disk/manifests';

/** The later one of a name counts, as in the API. */
export function withOwn(documents: readonly unknown[], file: string, others: Networks): Networks {
  const own = documents.flatMap((document) => manifestsOf(document, file));
  return {
    ...others,
    async find(namespace, name, next) {
      const found = own.findLast((one) => one.namespace === namespace && one.name === name);
      return found === undefined ? await others.find(namespace, name, next) : toDefinition(found);
    },
  };
}
