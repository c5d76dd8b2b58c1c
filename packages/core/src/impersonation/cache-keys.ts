import { sha256 } from '#sha256'
import { byCodeUnits } from '../internal/compare.ts'
import type { Attributes } from '../authorization/attributes.ts'
import type { Selector } from '../authorization/selectors/selector.ts'
import { keyedDigest } from '../internal/digest/keyed-digest.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { WantedUser } from './wanted-user.ts'

/** Makes the cache keys. A key covers everything the answer may depend on, with unambiguous boundaries between values. */
export interface CacheKeys {
  /** A key of the wanted user and the requester. */
  users(wanted: WantedUser, requester: UserInfo): string
  /** A key that covers the request too; `undefined` if a selector of the request is malformed. */
  request(wanted: WantedUser, attributes: Attributes): string | undefined
}

/** Makes keys of fixed length, with a digest that a client cannot predict. */
export function cacheKeys(): CacheKeys {
  const digest = keyedDigest(sha256)
  return {
    users: (wanted, requester) => digest(JSON.stringify([wantedParts(wanted), userParts(requester)])),
    request(wanted, attributes) {
      const { fieldSelector, labelSelector } = attributes
      if (fieldSelector?.error !== undefined || labelSelector?.error !== undefined) return undefined
      return digest(
        JSON.stringify([
          wantedParts(wanted),
          userParts(attributes.user),
          attributes.verb,
          attributes.resourceRequest,
          attributes.apiGroup,
          attributes.apiVersion,
          attributes.namespace,
          attributes.resource,
          attributes.subresource,
          attributes.name,
          attributes.path,
          selectorParts(fieldSelector),
          selectorParts(labelSelector),
        ]),
      )
    },
  }
}

function wantedParts({ username, uid, groups, extra }: WantedUser): unknown {
  return [username, uid, groups, sortedByKey([...extra])]
}

function userParts({ username, uid, groups, extra }: UserInfo): unknown {
  return [username, uid, groups, sortedByKey(Object.entries(extra))]
}

function sortedByKey(entries: [string, readonly string[]][]): unknown {
  return entries.toSorted(([a], [b]) => byCodeUnits(a, b))
}

function selectorParts(selector: Selector | undefined): unknown {
  return selector?.requirements.map(({ key, operator, values }) => [key, operator, values]) ?? []
}
