import { isSignedWith } from '#jws'
import { sha256Base64url } from '#sha256'
import type { Authentication, Authenticator, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { askToken, attempt } from '../../authenticator/consult.ts'
import type { Context } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import { InnerContext } from '../../authenticator/inner-context.ts'
import { union } from '../../authenticator/union.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import { systemClock } from '../../internal/clock.ts'
import { aTokenAuthenticator, checkOptions, refuseProblems } from '../../internal/options/index.ts'
import { defined } from '../../internal/options/without.ts'
import { RecentMap } from '../../internal/recent-map.ts'
import { isJwsAlgorithm, JWS_ALGORITHMS } from '../jwt/algorithms.ts'
import type { PublicJwk } from '../jwt/public-jwk.ts'
import { bearerToken, orRefuse, unknownToken } from '../../request/bearer-token.ts'
import type { AuthenticationRequest } from '../../request/request.ts'
import { webSocketProtocol } from '../../request/web-socket-protocol.ts'
import { invalidProof, withNonce } from './dpop-fault.ts'
import { type DpopOptions, dpopShape } from './dpop-options.ts'
import { readDpopToken } from './dpop-token.ts'
import { nonces } from './nonces.ts'
import { checkProof, type Proof, type ProofRules } from './proof.ts'
import { clientUrl } from './request-url.ts'
import { ProofsInMemory, type UsedProofs } from './used-proofs.ts'

/** How a server takes tokens that are bound to a key of their client. */
export interface Dpop {
  /** Whether tokens that are sent as `Bearer` are refused. */
  readonly required: boolean
  /** The accepted algorithms of proofs. */
  readonly signingAlgorithms: readonly string[]
  /**
   * Passes the token of `Authorization: DPoP TOKEN` to a token authenticator, if the request proves the key that the token is bound to. Without such a header it has no opinion; with one it
   * returns a user or throws. If DPoP is required, it refuses tokens that are sent in another way.
   *
   * @throws {ConfigurationError} if `tokens` is not a token authenticator.
   */
  authenticator(tokens: TokenAuthenticator): Authenticator
}

/**
 * Accepts tokens that are bound to a key of their client (DPoP): each request has a proof, signed with that key, of its method, its URL and its token. A stolen token is worthless without
 * the key, and a stolen proof is only for one request.
 *
 * The token authenticators must know what a token is bound to: `oidc` and `introspection` do. A token that is not bound is refused with the scheme `DPoP`, and one that is bound with `Bearer`.
 *
 * Source: RFC 9449.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const chain = authenticatorChain({ tokens: [tokens], dpop: dpop({ baseUrls: ['https://api.example.com'] }) })
 */
export function dpop(options: DpopOptions): Dpop {
  checkOptions(dpopShape, options)
  const judge = judgeOf(options)
  const { required = false } = options
  return {
    required,
    signingAlgorithms: judge.algorithms,
    authenticator(tokens) {
      refuseProblems(aTokenAuthenticator(tokens, 'tokens'))
      const proving: Authenticator = {
        name: 'dpop',
        credentials: { schemes: ['DPoP'], proofAlgorithms: judge.algorithms },
        authenticate(request, context) {
          const token = readDpopToken(request)
          if (token === undefined) return undefined
          const inner = new ProvingContext(context, judge, judge.check(request, token))
          return andThen(attempt(askToken, tokens, token, inner), (opinion) =>
            requireProved(userOfToken(opinion), inner),
          )
        },
      }
      if (!required) return proving
      // Other tokens are read, so that a request with one is never anonymous, but not offered.
      const { name, credentials } = proving
      return {
        ...union(bearerToken(NO_BEARER), webSocketProtocol(NO_BEARER), proving),
        name,
        ...defined({ credentials }),
      }
    },
  }
}

const NO_BEARER: TokenAuthenticator = {
  name: 'bearer',
  authenticateToken() {
    throw rejected('dpop: the token was sent as Bearer, and this server requires DPoP')
  },
}

const userOfToken = orRefuse(unknownToken, Object.freeze({ remove: ['authorization', 'dpop'] }))

/** A token authenticator that did not ask for the key does not know what the token is bound to, or it is not bound. */
function requireProved(authentication: Authentication, { isProved }: ProvingContext): Authentication {
  if (!isProved)
    throw rejected('dpop: the token is not bound to a key, or its authenticator does not check that')
  return authentication
}

/** Judges the proofs of a server. */
interface Judge {
  readonly algorithms: readonly string[]
  /** @throws {AuthenticationError} `rejected` */
  check(request: AuthenticationRequest, token: string): Proof
  /** Whether a proof is signed with its key and was not used before. */
  accept(proof: Proof, isDryRun: boolean): Awaitable<boolean>
}

function judgeOf(options: DpopOptions): Judge {
  const { clock = systemClock, baseUrls, proofTtlSeconds = 60, maxProofs = 524_288 } = options
  const { signingAlgorithms = JWS_ALGORITHMS, nonceTtlSeconds, nonceSecret } = options
  const maxAgeMs = proofTtlSeconds * 1000
  const ofServer = nonceTtlSeconds === undefined ? undefined : nonces(nonceTtlSeconds * 1000, nonceSecret)
  const used: UsedProofs = options.usedProofs ?? new ProofsInMemory(maxProofs, maxAgeMs, () => clock.now())
  const rules: ProofRules = {
    bases: baseUrls.flatMap((url) => clientUrl(url) ?? []),
    algorithms: new Set(signingAlgorithms.filter(isJwsAlgorithm)),
    maxAgeMs,
    isCurrentNonce: ofServer && ((nonce, nowMs) => ofServer.isCurrent(nonce, nowMs)),
  }
  const recentKeys = new RecentMap<PublicJwk>(MAX_KEYS)

  return {
    algorithms: [...rules.algorithms],
    check(request, token) {
      const { method, path, headers } = request
      const nowMs = clock.now()
      try {
        return checkProof(headers.all('dpop'), { method, path, token }, rules, nowMs)
      } catch (error) {
        throw withNonce(error, () => ofServer?.issue(nowMs) ?? '')
      }
    },
    accept({ jws, algorithm, key, id, issuedAtMs }, isDryRun) {
      const { thumbprint } = key
      const jwk = recentKeys.get(thumbprint) ?? key.jwk
      return andThen<boolean, boolean>(isSignedWith(jws, jwk, algorithm), (isSigned) => {
        if (!isSigned) throw invalidProof('the signature of the proof is invalid')
        recentKeys.set(thumbprint, jwk)
        if (isDryRun) return true
        const proof = { id: digestOf(thumbprint, id), thumbprint, expiresAtMs: issuedAtMs + maxAgeMs }
        return andThen<unknown, boolean>(used.use(proof), (isFirst) => {
          // Strictly `true`: a memory in plain JavaScript may return anything.
          if (isFirst !== true) throw invalidProof('the proof was used before')
          return true
        })
      })
    },
  }
}

/** Keys of clients that are imported already: importing one costs half of a verification. */
const MAX_KEYS = 1024

/** The same in all replicas. A thumbprint always has the same length, so no other key and id have this text. */
function digestOf(thumbprint: string, id: string): string {
  return sha256Base64url(`${thumbprint}\n${id}`).slice(0, 32)
}

/** The context of a token that was sent with a proof. The proof is judged once the token is known to be bound to its key, and once for each request. */
class ProvingContext extends InnerContext {
  readonly #judge: Judge
  readonly #proof: Proof
  #verdict: Awaitable<boolean> | undefined
  /** Whether the token is bound to the key of the proof, and the proof is good. */
  isProved = false

  constructor(context: Context, judge: Judge, proof: Proof) {
    super(context)
    this.#judge = judge
    this.#proof = proof
  }

  override provesKey(thumbprint: string): Awaitable<boolean> {
    if (thumbprint !== this.#proof.key.thumbprint)
      throw invalidProof('the token is bound to another key than that of the proof')
    this.#verdict ??= this.#judge.accept(this.#proof, this.isDryRun === true)
    return andThen(this.#verdict, (isAccepted) => {
      this.isProved = isAccepted
      return isAccepted
    })
  }
}
