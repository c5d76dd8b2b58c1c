import type { Context } from '../src/authenticator/context.ts'
import { type Variants, type Variation, variationsOf } from './two-questions.ts'

/** A question about a token: for which audiences, and over which connection. */
export interface TokenQuestion extends Context {
  readonly token: string
}

export const TOKEN_QUESTION: TokenQuestion = { token: 'token', audiences: ['a', 'b'] }

const variants: Variants<TokenQuestion> = {
  token: {
    differs: {
      another: 'nekot',
      'another case': 'Token',
      shorter: 'toke',
      longer: 'token.',
      'with an audience': 'tokena',
      'a NUL': 'token\0',
    },
  },
  audiences: {
    differs: {
      'not given': undefined,
      fewer: ['a'],
      more: ['a', 'b', 'c'],
      'another order': ['b', 'a'],
      'one name of two': ['a,b'],
      'a list in a name': ['a","b'],
      'one long name': ['ab'],
      'the same twice': ['a', 'b', 'b'],
      'an empty one': ['a', 'b', ''],
    },
  },
  // No token is what browsers send by themselves.
  trustedOrigins: { same: { another: ['https://a.example'] } },
  signal: { same: { another: new AbortController().signal } },
  remoteAddress: { same: { another: '192.0.2.1' } },
  observer: { same: { another: () => undefined } },
  warn: { same: { another: () => undefined } },
  annotate: { same: { another: () => undefined } },
  // Of a token that is bound to no certificate. What becomes of one that is: `token-cache/cached.test.ts`.
  holdsCertificate: { same: { 'another connection': () => false } },
  // And of one that is bound to no key: `token/dpop/dpop.test.ts`.
  provesKey: { same: { 'another proof': () => false } },
  isDryRun: { same: { 'only tried': true } },
}

export const TOKEN_VARIATIONS: readonly Variation<TokenQuestion>[] = variationsOf(TOKEN_QUESTION, variants)
