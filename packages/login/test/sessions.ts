import type { FixedClock } from '@kube-authn/testing'
import type { SessionContent, SessionKeeper } from '../src/sessions/session-keeper.ts'
import type { SessionStore } from '../src/sessions/session-store.ts'

/** A key that looks random, one for each number. */
export function keyOf(seed: number): string {
  const bytes = Array.from({ length: 32 }, (_, index) => (index * 41 + seed * 101 + index * index * 7) % 256)
  return btoa(String.fromCharCode(...bytes))
}

/** What the login of a user leaves. */
export function contentOf(
  username: string,
  others: Partial<SessionContent> & { readonly tokenLength?: number } = {},
): SessionContent {
  const { tokenLength = 600, ...members } = others
  return {
    provider: 'example',
    idToken: `${username}.`.padEnd(tokenLength, 'x'),
    refreshToken: `refresh-${username}-0`,
    expiresAtMs: 1_900_000_000_000,
    subject: `sub-${username}`,
    providerSession: `sid-${username}`,
    username,
    ...members,
  }
}

/** The cookies of a browser, as far as servers see them. */
export interface Browser {
  readonly cookies: Map<string, string>
  /** The value of its `Cookie` header. */
  readonly header: string
  take(setCookies: readonly string[] | undefined): void
}

export function browser(): Browser {
  const cookies = new Map<string, string>()
  return {
    cookies,
    get header() {
      return Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')
    },
    take(setCookies = []) {
      for (const line of setCookies) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (line.includes('; Max-Age=0;')) cookies.delete(name)
        else cookies.set(name, value)
      }
    },
  }
}

/** A browser with a session. */
export async function loggedIn(keeper: SessionKeeper, content: SessionContent): Promise<Browser> {
  const one = browser()
  const { setCookies } = await keeper.begin(content)
  one.take(setCookies)
  return one
}

/** The same store, which waits for this before each operation. */
export function hooked(
  store: SessionStore,
  before: (operation: string, key: string) => Promise<void> | void,
): SessionStore {
  return {
    async get(key) {
      await before('get', key)
      return store.get(key)
    },
    async list(prefix, options) {
      await before('list', prefix)
      return store.list(prefix, options)
    },
    async create(key, value, lifetime) {
      await before('create', key)
      return store.create(key, value, lifetime)
    },
    async update(key, value, revision, lifetime) {
      await before('update', key)
      return store.update(key, value, revision, lifetime)
    },
    async delete(key, precondition) {
      await before('delete', key)
      return store.delete(key, precondition)
    },
  }
}

/** Lets the clock go on until it is known. */
export async function inTime<T>(clock: FixedClock, result: Promise<T>): Promise<T> {
  const state = { isDone: false }
  const done = result.finally(() => {
    state.isDone = true
  })
  done.catch(() => undefined)
  for (let round = 0; round < 1000 && !state.isDone; round++) await clock.advanceAsync(100)
  return done
}
