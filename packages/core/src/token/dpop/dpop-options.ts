import type { Clock } from '../../internal/clock.ts'
import {
  aBoolean,
  above,
  aClock,
  must,
  nonEmptyListOf,
  oneOf,
  type OptionsShape,
  required,
  wholeNumber,
  withMethods,
} from '../../internal/options/index.ts'
import { JWS_ALGORITHMS } from '../jwt/algorithms.ts'
import { clientUrl } from './request-url.ts'
import type { UsedProofs } from './used-proofs.ts'

/** Options of `dpop`. */
export interface DpopOptions {
  /**
   * The URLs that clients have for the path `/` of this server, such as `https://api.example.com`; with a path if a proxy removes it from requests. A proof must be for one of them: neither
   * the header `Host` nor headers of proxies count, since who has a proof for another server can send them too.
   */
  readonly baseUrls: readonly string[]
  /** Whether tokens that are sent as `Bearer` are refused. Default `false`: both are accepted, each for the tokens that it is for. */
  readonly required?: boolean
  /** The accepted algorithms of proofs. Default: all that tokens may have (`RS`, `PS` and `ES` with 256, 384 and 512). */
  readonly signingAlgorithms?: readonly string[]
  /** How old a proof may be, and how far ahead of the clock of this server, in seconds. So long it is remembered that it was used. Default 60. */
  readonly proofTtlSeconds?: number
  /** How many used proofs are remembered in this process. Beyond it, and beyond a quarter of it for one key, requests are refused with 503. Default 524,288. */
  readonly maxProofs?: number
  /** Remembers used proofs in another place, so that a proof counts once in all replicas. Default: in this process. */
  readonly usedProofs?: UsedProofs
  /** How long a nonce of this server is valid. Each proof must have one then: proofs cannot be made in advance. Default: proofs need no nonce. */
  readonly nonceTtlSeconds?: number
  /** A secret of at least 32 characters from which all replicas make the same nonces. Default: a random one of this process. */
  readonly nonceSecret?: string
  readonly clock?: Clock
}

const aBaseUrl = must(
  'must be an http or https URL in ASCII, without a query and a fragment',
  (value) => typeof value === 'string' && !/[?#]/.test(value) && clientUrl(value) !== undefined,
)

export const dpopShape: OptionsShape<DpopOptions> = {
  baseUrls: required(nonEmptyListOf(aBaseUrl)),
  required: aBoolean,
  signingAlgorithms: nonEmptyListOf(oneOf(...JWS_ALGORITHMS)),
  proofTtlSeconds: above(0, 3600),
  maxProofs: wholeNumber(1),
  usedProofs: withMethods('a memory of used proofs', 'use'),
  nonceTtlSeconds: above(0, 86_400),
  nonceSecret: must(
    'must be a string of at least 32 characters',
    (value) => typeof value === 'string' && value.length >= 32,
  ),
  clock: aClock,
}
