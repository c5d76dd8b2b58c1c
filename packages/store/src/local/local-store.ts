import { checkKey, checkValue } from '../limits.ts'
import { checkLimit, pageOf, readContinueToken } from '../list-pages.ts'
import {
  type Lifetime,
  type ListOptions,
  objectOf,
  type ObjectStore,
  type StoredList,
  type StoredObject,
} from '../object-store.ts'
import { requireRemembered } from '../revisions.ts'
import type { LocalEngine } from './engine.ts'
import {
  close,
  compact,
  flush,
  type LocalState,
  type LocalStoreOptions,
  openState,
  type Operation,
  prepareToRead,
  requireOpen,
  write,
} from './local-state.ts'
import { type Turns, turns } from './turns.ts'
import { READS_PER_TURN, watch, type Watched } from './watcher.ts'

/** How many objects are listed before the event loop goes on. */
const LISTED_PER_TURN = 500

/** The rules of an {@link ObjectStore} over an engine in this process. */
export function localStore(engine: LocalEngine, options: LocalStoreOptions): ObjectStore {
  const state = openState(engine, options)
  const { ends } = state
  /** Lists take turns among themselves, so that many pages of a list are no long wait for others. */
  const lists = turns(LISTED_PER_TURN)
  const watched = watchedState(state, options)
  const put = async (
    change: Pick<Operation, 'key' | 'revision' | 'type'> & { readonly value: string },
    { fence, ...lifetime }: Lifetime = {},
  ): Promise<StoredObject> => {
    checkKey(change.key)
    checkValue(change.value)
    const deadline = ends.begin(lifetime)
    return objectOf(await write(state, { ...change, deadline, ...(fence !== undefined && { fence }) }))
  }
  const store: ObjectStore = {
    get: (key) =>
      promised(() => {
        checkKey(key)
        return prepareToRead(state).has(key) ? undefined : engine.get(key)
      }),
    list: (prefix, given = {}) => listInTurn(lists, state, prefix, given),
    count: (prefix, most) =>
      promised(() => {
        prepareToRead(state)
        return engine.count(prefix, most)
      }),
    create: (key, value, lifetime) => put({ type: 'created', key, value }, lifetime),
    update: (key, value, revision, lifetime) => put({ type: 'updated', key, value, revision }, lifetime),
    delete: (key, precondition = {}) =>
      promised(() => {
        checkKey(key)
        return write(state, { ...precondition, type: 'deleted', key })
      }),
    watch: (prefix, given = {}) => watch(() => watched, prefix, given, state.revision),
    revision: () =>
      promised(() => {
        requireOpen(state)
        return state.revision
      }),
    now: () => options.clock.now(),
    compact: (upTo) => promised(() => compact(state, upTo)),
    close: () =>
      promised(() => {
        if (state.isClosed) return
        flush(state)
        lists.flush()
        close(state)
      }),
    [Symbol.asyncDispose]: () => store.close(),
  }
  return store
}

function watchedState(state: LocalState, { clock }: LocalStoreOptions): Watched {
  const { engine, watched } = state
  return {
    clock,
    turns: turns(READS_PER_TURN),
    revision: () => state.revision,
    isCurrent: () => true,
    past: (prefix) => (since) => {
      requireOpen(state)
      requireRemembered(state, since)
      return since === state.revision ? undefined : engine.changeAfter(since, prefix)
    },
    join: (each) => watched.join(each),
    leave: (each) => watched.leave(each),
  }
}

function listInTurn(
  lists: Turns,
  state: LocalState,
  prefix: string,
  options: ListOptions,
): Promise<StoredList> {
  return new Promise((resolve) => {
    checkLimit(options.limit)
    lists.run(() => resolve(promised(() => list(state, prefix, options))), options.limit ?? LISTED_PER_TURN)
  })
}

function list(state: LocalState, prefix: string, { limit, continue: token }: ListOptions): StoredList {
  const hidden = prepareToRead(state)
  const from = token === undefined ? { revision: state.revision } : readContinueToken(token, prefix)
  requireRemembered(state, from.revision)
  // One more says whether there is another page.
  const most = limit === undefined ? Infinity : limit + hidden.size + 1
  const found = state.engine.range({ prefix, ...from, limit: most }).filter(({ key }) => !hidden.has(key))
  return pageOf(found, from.revision, limit)
}

/** What `work` returns, or throws. */
function promised<T>(work: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(work())
  })
}
