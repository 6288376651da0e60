/**
 * Changes the engine's source: what lies in a saved heap is kept for ever (src/lean/kept.h), and so are shapes, the lists of an object's
 * fields. A call makes thousands of objects, each field by field: the shapes on the way were made and freed each time. Pure.
 */

/** What stands in its source once, and what is to stand there. */
const changes: readonly (readonly [string, string])[] = [
  [
    '#define JS_REF_COUNT(p) (js_rc(p)->ref_count)\n',
    `#include "kept.h"
static int kept_count = 1 << 30; /* of everything that is kept: never down to 1, which would be one user's alone */
static inline int *count_of(const void *p) {
    int *own = &js_rc(p)->ref_count;
    return is_kept(p) ? &kept_count : own;
}
#define JS_REF_COUNT(p) (*count_of(p))
`,
  ],
  [
    `static void js_arena_free(JSRuntime *rt, void *ptr)
{
    JSMallocBlockHeader *b;

    if (!ptr)
        return;
`,
    `static void js_arena_free(JSRuntime *rt, void *ptr)
{
    JSMallocBlockHeader *b;

    if (!ptr || is_kept(ptr))
        return;
`,
  ],
  [
    `    JS_REF_COUNT(sh) = 1;
    add_gc_object(rt, &sh->header, JS_GC_OBJ_TYPE_SHAPE);
`,
    `    JS_REF_COUNT(sh) = 2; /* nobody has it alone: it is neither changed nor freed */
    add_gc_object(rt, &sh->header, JS_GC_OBJ_TYPE_SHAPE);
`,
  ],
  [
    `    JS_REF_COUNT(sh) = 1;
    add_gc_object(ctx->rt, &sh->header, JS_GC_OBJ_TYPE_SHAPE);
`,
    `    JS_REF_COUNT(sh) = sh->prop_count < 32 ? 2 : 1; /* an object of a thousand fields, a tenant's say, is not to leave a thousand lists */
    add_gc_object(ctx->rt, &sh->header, JS_GC_OBJ_TYPE_SHAPE);
`,
  ],
];

/** What is free between the things that are kept is given to nobody. */
const more = `
void JS_KeepAll(JSRuntime *rt)
{
    for (int i = 0; i < JS_ARENA_BLOCK_SIZE_COUNT; i++)
        init_list_head(&rt->arena_state.free_arena_list[i]);
}
`;

/** The source of quickjs.c, changed. Throws when it is that of another release, which must be looked at. */
export function keepSaved(source: string): string {
  let changed = source;
  for (const [from, to] of changes) {
    if (changed.split(from).length !== 2) throw new Error(`The engine's source has not once: ${from}`);
    changed = changed.replace(from, () => to);
  }
  return changed + more;
}
