import type { Clock, Observer } from '@kube-authn/core'
import type { TokenSigner } from '@kube-authn/issuer'
import type { FetchedKeys } from '@kube-authn/issuer/internal'
import type { Closeable } from '../options/closeable.ts'

/** An external signer: it signs tokens and provides the keys that verify them. */
export interface ExternalSigner extends TokenSigner, Closeable {
  readonly keys: FetchedKeys
  /** The longest lifetime of a token that it signs. */
  readonly maxExpirationSeconds: number
}

/** Options of {@link externalSignerAt}. */
export interface ExternalSignerAtOptions {
  /** The timeout of fetching the keys, also at the start. Default 60. */
  readonly keysTimeoutSeconds?: number
  /** Receives an event for every call (`externalSignerCall`) and for the keys (`externalSigner`). */
  readonly observer?: Observer
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}
