import type { HeaderChanges } from '@kube-authn/core'
import { impersonateRequest, type StatusError } from '@kube-authn/core/adapter'
import { type Attributes, type Authorizer, authorizeRequest, decide } from '@kube-authn/core/authorization'
import { AUTHORIZER, authorizerOf, type VectorAuthorizer, vectorVerdict } from './authorizers.ts'
import { requestOf, type VectorRequest } from './request.ts'
import { userOf, type VectorUser, vectorUserOf } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { type Parts, reading, USER } from '../../reading.ts'

interface Step extends VectorRequest {
  readonly requester?: VectorUser
}

interface Given extends Step {
  readonly mode: 'legacy' | 'constrained'
  readonly authorizer: VectorAuthorizer
  readonly finalAuthorization?: boolean
  readonly steps?: readonly Step[]
}

interface Check extends Readonly<Record<string, string | undefined>> {
  readonly verb?: string
  readonly decision?: string
}

interface ExpectStep {
  readonly status: number
  readonly handlerReached: boolean
  readonly user?: VectorUser
  readonly checks?: readonly Check[]
  readonly checksUnordered?: boolean
  readonly body?: Readonly<Record<string, unknown>>
  readonly bodyText?: string
  readonly contentType?: string
  readonly messageMustMatch?: string
  readonly impersonationHeadersLeft?: readonly string[]
  readonly constraint?: string
}

type Expect = ExpectStep & { readonly steps?: readonly ExpectStep[] }

const CHECKED = ['verb', 'apiGroup', 'resource', 'subresource', 'namespace', 'name', 'path', 'decision']

const STEP: Parts = [
  'status handlerReached checksUnordered body bodyText contentType messageMustMatch impersonationHeadersLeft constraint',
  { user: USER, checks: CHECKED.join(' ') },
]

/** Sends requests through impersonation and, if the vector requires it, authorization, as an adapter would. */
export const impersonation: AreaRunner = reading(
  {
    given: [
      'mode finalAuthorization method path headers',
      { requester: USER, authorizer: AUTHORIZER, steps: ['method path headers', { requester: USER }] },
    ],
    expect: [STEP[0], { ...STEP[1], steps: STEP }],
  },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const checks: Check[] = []
    const authorizer = recording(authorizerOf(given.authorizer), checks)
    const impersonate = impersonateRequest(authorizer, { mode: given.mode, log: false })
    const authorize =
      given.finalAuthorization === true ? authorizeRequest(authorizer, { log: false }) : undefined
    const differences = new Differences()

    const steps = given.steps ?? [given]
    for (const [index, step] of steps.entries()) {
      const expected = expect.steps?.[index] ?? expect
      checks.length = 0
      const { request, rawHeaders } = requestOf(step)
      const requester =
        step.requester === undefined || step.requester === null ? undefined : userOf(step.requester)
      const outcome = await impersonate(request, requester)
      const at = `step ${index}`
      if ('failure' in outcome) {
        compareFailure(differences, at, outcome.failure, expected)
      } else {
        applyChanges(rawHeaders, outcome.headerChanges)
        const answer = await authorize?.(request, outcome.user)
        if (answer !== undefined && 'failure' in answer) {
          compareFailure(differences, at, answer.failure, expected)
        } else {
          differences.compare(`${at} reached the handler`, true, expected.handlerReached)
          differences.compare(`${at} status`, 200, expected.status)
          differences.compare(`${at} user`, vectorUserOf(outcome.user), expected.user)
          // An app sees no impersonation header, not even an empty one (docs/deviations.md, impersonation headers).
          const left = (expected.impersonationHeadersLeft ?? [])
            .map((name) => name.toLowerCase())
            .filter((name) => !/^impersonate-(?:user|uid|group|extra-.*)$/.test(name))
            .toSorted()
          differences.compare(`${at} headers left`, headersLeft(rawHeaders), left)
          const isConstrained = outcome.mode !== undefined && outcome.mode !== 'legacy'
          const constraint = isConstrained ? `impersonate:${outcome.mode}` : undefined
          differences.compare(`${at} constraint`, constraint, expected.constraint)
        }
      }
      if (expected.checks !== undefined) {
        const sorted = (list: readonly Check[]): readonly Check[] =>
          expected.checksUnordered === true
            ? [...list].toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
            : list
        const wanted = expected.checks.map((check) => checkOf(check))
        differences.compare(`${at} checks`, sorted(checks), sorted(wanted))
      }
    }
    return differences.verdict()
  },
)

function compareFailure(
  differences: Differences,
  at: string,
  failure: StatusError,
  expected: ExpectStep,
): void {
  differences.compare(`${at} reached the handler`, false, expected.handlerReached)
  differences.compare(`${at} status`, failure.status, expected.status)
  const { message, ...body } = failure.body
  const { message: expectedMessage, ...expectedBody } = expected.body ?? {}
  if (expected.body !== undefined) {
    differences.compare(`${at} body`, body, expectedBody)
    if (expected.messageMustMatch === undefined)
      differences.compare(`${at} message`, message, expectedMessage)
    else {
      const isMatch = new RegExp(expected.messageMustMatch).test(message)
      differences.compare(`${at} ${message} matches`, isMatch, true)
    }
  }
  if (expected.bodyText !== undefined) differences.compare(`${at} text`, failure.content, expected.bodyText)
  if (expected.contentType !== undefined) {
    differences.compare(`${at} content type`, failure.headers['content-type'], expected.contentType)
  }
}

function recording(authorizer: Authorizer, checks: Check[]): Authorizer {
  return {
    name: authorizer.name,
    async authorize(attributes, context) {
      const decision = await decide(authorizer, attributes, context)
      checks.push(checkOf({ ...textsOf(attributes), decision: vectorVerdict(decision) }))
      return decision
    },
  }
}

function textsOf(attributes: Attributes): Check {
  const { verb, apiGroup, resource, subresource, namespace, name, path, resourceRequest } = attributes
  return { verb, apiGroup, resource, subresource, namespace, name, ...(!resourceRequest && { path }) }
}

function checkOf(check: Check): Check {
  return Object.fromEntries(
    CHECKED.filter((field) => check[field] ?? '').map((field) => [field, check[field]]),
  )
}

function applyChanges(rawHeaders: string[], changes: HeaderChanges): void {
  const kept: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    const lowerCase = name.toLowerCase()
    const isGone =
      changes.remove.includes(lowerCase) ||
      (changes.removePrefixes ?? []).some((prefix) => lowerCase.startsWith(prefix))
    if (!isGone) kept.push(name, value)
  }
  rawHeaders.splice(0, rawHeaders.length, ...kept)
}

function headersLeft(rawHeaders: readonly string[]): readonly string[] {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  return [...new Set(names.filter((name) => name.startsWith('impersonate-')))].toSorted()
}
