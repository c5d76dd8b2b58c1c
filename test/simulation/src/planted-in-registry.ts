import type { Planted } from './planted.ts'

/** Mistakes in how objects are written, read, listed and watched. */
export const plantedInRegistry: readonly Planted[] = [
  {
    name: 'a creation is undone when a read fails after it',
    violates: ['unasked'],
    replaced: [
      ['\t\treturn isStatusError(thrown) ? thrown : void 0;\n', '\t\treturn thrown;\n'],
      ['store.delete(key, { revision });\n\t\treturn true', 'store.delete(key);\n\t\treturn true'],
    ],
  },
  {
    name: 'an update is made whatever version it names',
    violates: ['oneWinner'],
    replaced: [['resourceVersion !== old.metadata.resourceVersion', 'resourceVersion === "none"']],
  },
  {
    name: 'a deletion is made whatever it requires',
    violates: ['unasked'],
    replaced: [['\t\t\trequirePreconditions(target, object, preconditions);\n', '']],
  },
  {
    name: 'a deletion does not look at the version that it requires',
    violates: ['unasked'],
    replaced: [
      [
        '\tif (resourceVersion !== void 0 && resourceVersion !== metadata.resourceVersion) {\n',
        '\tif (false) {\n',
      ],
    ],
  },
  {
    name: 'a deletion does not look at the uid that it requires',
    violates: ['unasked'],
    replaced: [['\tif (uid !== void 0 && uid !== metadata.uid) {\n', '\tif (false) {\n']],
  },
  {
    name: 'a deletion is of whatever version there is by then',
    violates: ['unasked'],
    replaced: [
      ['const gone = await store.delete(key, { revision });', 'const gone = await store.delete(key);'],
    ],
  },
  {
    name: 'a deletion that finds another version says that it is done',
    violates: ['acknowledged'],
    replaced: [
      [
        'const gone = await store.delete(key, { revision });',
        'const gone = await store.delete(key, { revision }).catch(() => found.stored);',
      ],
    ],
  },
  {
    name: 'an update is answered with the version that it replaced',
    violates: ['acknowledged'],
    replaced: [
      [
        'object: fromStored(written, written.revision),\n\t\t\t\tisGone: false',
        'object: fromStored(written, revision),\n\t\t\t\tisGone: false',
      ],
    ],
  },
  {
    name: 'an update of the same length is taken for one that changes nothing',
    violates: ['acknowledged', 'oneWinner'],
    replaced: [
      [
        'return value.length === stored.length && isSameJson(JSON.parse(value), JSON.parse(stored));',
        'return value.length === stored.length;',
      ],
    ],
  },
  {
    name: 'an update that changes some member is taken for one that changes nothing',
    violates: ['acknowledged', 'oneWinner'],
    replaced: [
      [
        '\tif (value === stored) return true;\n',
        '\tif (value === stored || value.length < stored.length) return true;\n',
      ],
    ],
  },
  {
    name: 'an update of what was deleted meanwhile creates it again',
    violates: ['unasked', 'acknowledged'],
    replaced: [
      [
        'const written = await store.update(key, value, revision);',
        'const written = await store.update(key, value, revision).catch((thrown) => { if (!isStoreError(thrown, "objectNotFound")) throw thrown; return store.create(key, value); });',
      ],
    ],
  },
  {
    name: 'a patch that meets another write replaces it',
    violates: ['acknowledged', 'oneWinner', 'errors'],
    replaced: [
      [
        'if (!isRepeated || attempt === MAX_ATTEMPTS$1) throw conflict(resource, name, MODIFIED);',
        'if (!isRepeated || attempt === MAX_ATTEMPTS$1) return { object: fromStored({ value }, revision), isGone: false };',
      ],
    ],
  },
  {
    name: 'an outage is an object that exists',
    violates: ['errors', 'acknowledged'],
    replaced: [
      [
        '\t\tif (!isStoreError(thrown, "objectExists")) throw thrown;\n\t\tthrow alreadyExists',
        '\t\tthrow alreadyExists',
      ],
    ],
  },
  {
    name: 'an outage is told as an error of the server',
    violates: ['errors'],
    replaced: [['\t\tcase "storeUnavailable":\n\t\tcase "closed":\n', '\t\tcase "closed":\n']],
  },
  {
    name: 'objects are created in a namespace that does not exist',
    violates: ['errors'],
    replaced: [
      [
        '\tif (namespace === void 0) throw notFound(namespaces, name);\n',
        '\tif (namespace === void 0) return;\n',
      ],
    ],
  },
  {
    name: 'a creation in a namespace that ended is refused and stays',
    violates: ['acknowledged'],
    replaced: [
      [
        'if (refusal !== void 0 && await isTakenBack(store, stored)) throw refusal;',
        'if (refusal !== void 0) throw refusal;',
      ],
    ],
  },
  {
    name: 'a namespace is gone before its content',
    violates: ['acknowledged'],
    replaced: [
      [
        '(object.metadata.finalizers?.length ?? 0) > 0 || isNamespace;',
        '(object.metadata.finalizers?.length ?? 0) > 0;',
      ],
    ],
  },
  {
    name: 'a list goes on at another version when its own is forgotten',
    violates: ['reads'],
    replaced: [
      [
        'throw continueExpired(presentToken(from, prefix));',
        'return listStored(store, collection, { limit, continue: presentToken(from, prefix) });',
      ],
    ],
  },
  {
    name: 'a list whose version is forgotten begins again',
    violates: ['reads'],
    replaced: [
      [
        'throw continueExpired(presentToken(from, prefix));',
        'return pageFrom(store, prefix, selects, limit, void 0);',
      ],
    ],
  },
  {
    name: 'a list ends when its version is forgotten',
    violates: ['reads'],
    replaced: [
      [
        'throw continueExpired(presentToken(from, prefix));',
        'return { items: [], resourceVersion: String(await store.revision()) };',
      ],
    ],
  },
  {
    name: 'each page of a list is the first one',
    violates: ['reads'],
    replaced: [
      [
        '\treturn await pageFrom(store, prefix, selects, limit, from);',
        '\treturn await pageFrom(store, prefix, selects, limit, void 0);',
      ],
    ],
  },
  {
    name: 'a list with a selector skips what its page has no place for',
    violates: ['reads'],
    replaced: [
      ['const last = isWhole ? following : (await', 'const last = following !== void 0 ? following : (await'],
    ],
  },
  {
    name: 'a list with a selector ends at a page where nothing is selected',
    violates: ['reads'],
    replaced: [
      [
        'if (isWhole && following === void 0) return {',
        'if (following === void 0 || items.length === 0) return {',
      ],
    ],
  },
  {
    name: 'a list with a selector shows what it did not select',
    violates: ['reads'],
    replaced: [['\t\tif (selects(object)) found.push({\n', '\t\tfound.push({\n']],
  },
  {
    name: 'a watch with a selector tells of what it did not show',
    violates: ['watches'],
    replaced: [
      [
        'if (isSelected) return wasSelected ? modified(read) : added(read);',
        'if (isSelected) return modified(read);',
      ],
    ],
  },
  {
    name: 'a watch with a selector does not tell what has left it',
    violates: ['watches'],
    replaced: [['return wasSelected ? deleted(read, before) : void 0;', 'return void 0;']],
  },
  {
    name: 'a watch with a selector tells deletions of what it did not show',
    violates: ['watches'],
    replaced: [
      ['return isSelected ? deleted(read, read.object) : void 0;', 'return deleted(read, read.object);'],
    ],
  },
  {
    name: 'a watch with a selector tells creations of what is not selected',
    violates: ['watches'],
    replaced: [
      [
        'if (change.type === "created") return isSelected ? added(read) : void 0;',
        'if (change.type === "created") return added(read);',
      ],
    ],
  },
  {
    name: 'watches with and without a selector are told the same',
    violates: ['watches'],
    replaced: [
      [
        '\t\tif (selects === void 0) return modified(read);\n',
        '\t\tif (selects === void 0 || read.modified !== void 0) return modified(read);\n',
      ],
    ],
  },
  {
    name: 'a watch tells what an object was before',
    violates: ['watches'],
    replaced: [
      [
        '\t\tobject: fromStored(change, revision)\n',
        '\t\tobject: fromStored({ value: change.type === "updated" ? previous : value }, revision)\n',
      ],
    ],
  },
  {
    name: 'a watch begins now and not where it was asked to',
    violates: ['watches'],
    replaced: [['\t\t\t...since !== void 0 && { since },\n', '']],
  },
  {
    name: 'a watch whose version is forgotten begins now',
    violates: ['watches'],
    replaced: [
      [
        '\t\tthrow watchFailure(thrown);\n',
        '\t\tif (!isStoreError(thrown, "revisionCompacted")) throw watchFailure(thrown);\n\t\tyield* watchObjects(source, { signal, bookmarkMs });\n',
      ],
    ],
  },
  {
    name: 'a watch that was too slow ends as if it had told everything',
    violates: ['watches'],
    replaced: [
      [
        '\t\tthrow watchFailure(thrown);\n',
        '\t\tif (!isStoreError(thrown, "watchTooSlow")) throw watchFailure(thrown);\n',
      ],
    ],
  },
]
