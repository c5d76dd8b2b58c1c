import { METHODS } from 'node:http'
import { requestInfo } from '@kube-authn/core/authorization'
import type { Difference } from '../difference.ts'
import type { RecordedRequest } from '../http/recorded-request.ts'
import type { Explanation } from '../live-area.ts'
import { bytesOfJson } from './explained-bytes.ts'
import type { RecordedRefusal } from './requests.ts'

/** Responses of kube-apiserver's HTTP server before any handler runs. */
const GO_REFUSES = '400 Bad Request'

/** Why requests are refused with another status or message. */
export const explainedRefusals: readonly Explanation<RecordedRefusal>[] = [
  bytesOfJson,
  {
    row: 'ambiguous paths',
    explains: isAmbiguous,
    always: ({ target, answer }) => answer.status === 403 && isAmbiguousTarget(target),
  },
  {
    row: 'syntax of requests',
    explains: (difference, asked) =>
      difference.at === 'status' && difference.here === '400 ' && isUnusual(asked),
  },
  {
    row: 'syntax of requests',
    explains: ({ at, here }, { method }) => method === 'CONNECT' && at === 'status' && here === '0 ',
  },
  {
    row: 'syntax of requests',
    explains: ({ at, there, here }) =>
      at === 'body' && there === GO_REFUSES && (here === '' || String(here).includes('malformed escape')),
  },
  {
    row: 'syntax of requests',
    explains: ({ at }, { target }) =>
      (at === 'header content-type' || at === 'header cache-control') && !isDecodable(target),
  },
  {
    row: 'content of refusals',
    explains: ({ at, there }, { headers = [] }) => {
      const accepted = headers.find(([name]) => name === 'Accept')?.[1] ?? ''
      if (!/^application\/(?:yaml|vnd\.kubernetes\.protobuf)$/.test(accepted)) return false
      return at === 'body' || (at === 'header content-type' && there === accepted)
    },
  },
  {
    row: 'caching of errors',
    explains: ({ at, there, here }, { target }) =>
      at === 'header cache-control' &&
      there === '' &&
      here === 'no-cache, private' &&
      infoOf(target)?.problem?.status === 500,
  },
  {
    row: 'request targets',
    explains: ({ at, there, here }, { target }) =>
      /^https?:\/\/[^/]*$/.test(target) &&
      at === 'body.message' &&
      String(here).replace('path "/"', 'path ""') === there,
  },
  {
    row: 'invalid UTF-8',
    explains: ({ at, there, here }) =>
      at.startsWith('body.') && String(there).includes('\u{fffd}') && String(here).toWellFormed() === there,
  },
]

/** A response to HEAD, or of Hono's server, has no message. */
function isAmbiguous({ at, here }: Difference, { target }: RecordedRequest): boolean {
  if (at !== 'status') return false
  const says = String(here)
  if (says !== '400 ' && !says.includes('the path can be read in more than one way')) return false
  return isAmbiguousTarget(target)
}

function isAmbiguousTarget(target: string): boolean {
  const path = target.split('?')[0] ?? ''
  return DOTS_OR_MARKS.test(path) || !isHost(target) || (API.test(path) && !PLAIN_API.test(path))
}

/** Whether an absolute target has a host. */
function isHost(target: string): boolean {
  return target.startsWith('/') || !/^[a-z]+:/i.test(target) || URL.canParse(target)
}

const DOTS_OR_MARKS = /[\\#]|(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i
const API = /^(?:\/|%2f)*apis?(?:\/|%2f|$)/i
const PLAIN_API = /^\/apis?(?:\/(?:(?!%2[fF]|%5[cC])[^/])+)*\/?$/

/** Requests that Node's parser rejects, or whose URL Hono's server rejects. */
function isUnusual({ method, target }: RecordedRequest): boolean {
  return /[^\x21-\x7e]/.test(target) || !METHODS.includes(method) || target === '*'
}

function infoOf(target: string): ReturnType<typeof requestInfo> | undefined {
  if (!isDecodable(target)) return undefined
  const [path = '', query = ''] = target.split('?')
  return requestInfo({ method: 'GET', path, query })
}

function isDecodable(target: string): boolean {
  return target.startsWith('/') && !/%(?![0-9a-f]{2})/i.test(target.split('?')[0] ?? '')
}
