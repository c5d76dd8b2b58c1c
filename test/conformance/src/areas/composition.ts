import {
  addGroups,
  anonymous,
  audienceAgnostic,
  authenticatedGroup,
  type Authenticator,
  emptyContext,
  failFast,
  type TokenAuthenticator,
  union,
} from '@kube-authn/core'
import { type AnonymousConfig, intersectAudiences, resolveAnonymous } from '@kube-authn/core/internal'
import {
  type AnyBehaviour,
  type Behaviour,
  combined,
  outcomeOf,
  scripted,
  userOf,
  vectorUserOf,
} from '../behaviour.ts'
import { requestOf } from '../requests.ts'
import { appliedFlags } from './flags.ts'
import { NotUnderstood, type UnitRunner, type Vector } from '../vector.ts'
import { BEHAVIOUR, BEHAVIOURS, ERROR, reading, USER } from '../reading.ts'

/** Area A: unions, audiences, groups, anonymous. */
export const composition: Readonly<Record<string, UnitRunner>> = {
  union: reading(
    {
      given: ['variant', { elements: BEHAVIOURS }],
      expect: ['outcome audiences elements_called', { user: USER, error: ERROR }],
    },
    async ({ given }) => {
      const elements = (given['elements'] as readonly AnyBehaviour[]).map(combined)
      const combine = given['variant'] === 'fail-on-error' ? failFast : union
      const authenticator = combine<Authenticator>(...elements.map(({ requests }) => requests))
      const outcome = await outcomeOf(() => authenticator.authenticate(requestOf({}), emptyContext))
      return { ...outcome, elements_called: elements.filter((each) => each.calls().length > 0).length }
    },
  ),

  'token-union': reading(
    {
      given: ['variant token', { elements: BEHAVIOURS }],
      expect: ['outcome audiences elements_called', { user: USER, error: ERROR }],
    },
    async ({ given }) => {
      const elements = (given['elements'] as readonly AnyBehaviour[]).map(combined)
      const combine = given['variant'] === 'fail-on-error' ? failFast : union
      const authenticator = combine<TokenAuthenticator>(...elements.map(({ tokens }) => tokens))
      const outcome = await outcomeOf(() =>
        authenticator.authenticateToken(String(given['token']), emptyContext),
      )
      return { ...outcome, elements_called: elements.filter((each) => each.calls().length > 0).length }
    },
  ),

  'audience-wrapper': reading(
    {
      given: ['requested_audiences implicit_audiences', { delegate: BEHAVIOUR }],
      expect: ['outcome audiences delegate_called', { user: USER, error: ERROR }],
    },
    async ({ given }) => {
      const delegate = scripted(given['delegate'] as Behaviour)
      const requested = given['requested_audiences'] as readonly string[] | null
      const wrapped = audienceAgnostic<Authenticator>(given['implicit_audiences'] as readonly string[], {
        name: delegate.name,
        authenticate: delegate.authenticate,
      })
      const context = requested === null ? {} : { audiences: requested }
      const outcome = await outcomeOf(() => wrapped.authenticate(requestOf({}), context))
      return { ...outcome, delegate_called: delegate.calls.length > 0 }
    },
  ),

  'audiences.intersect': reading({ given: 'a b', expect: 'result' }, ({ given }) =>
    Promise.resolve({
      result: intersectAudiences(given['a'] as readonly string[], given['b'] as readonly string[]),
    }),
  ),

  'authenticated-group-adder': reading(
    {
      given: ['', { delegate: BEHAVIOUR }],
      expect: ['outcome audiences delegate_object_mutated', { user: USER, error: ERROR }],
    },
    (vector) => withGroups(vector, authenticatedGroup),
  ),

  'group-adder': reading(
    {
      given: ['groups', { delegate: BEHAVIOUR }],
      expect: ['outcome audiences delegate_object_mutated', { user: USER, error: ERROR }],
    },
    (vector) =>
      withGroups(vector, (delegate) => addGroups(vector.given['groups'] as readonly string[], delegate)),
  ),

  anonymous: reading(
    {
      given: ['url requested_audiences', { conditions: 'path' }],
      expect: ['outcome audiences', { user: USER, error: ERROR }],
    },
    ({ given }) => {
      const conditions = given['conditions'] as readonly { readonly path: string }[]
      const request = requestOf({ url: String(given['url']) })
      const requested = given['requested_audiences'] as readonly string[] | null | undefined
      return outcomeOf(() =>
        anonymous({ conditions }).authenticate(request, requested ? { audiences: requested } : emptyContext),
      )
    },
  ),

  'config.validate': reading(
    { given: 'flags authentication_configuration', expect: 'outcome field text_contains' },
    ({ given }) => {
      const [problem] = resolve(given).problems
      return Promise.resolve(
        problem === undefined
          ? { outcome: 'loaded' }
          : { outcome: 'load-error', field: problem.path, text_contains: problem.message },
      )
    },
  ),

  'config.apply': reading(
    {
      given: 'flags authentication_configuration authorization_mode',
      expect: 'outcome field text_contains anonymous_enabled warnings',
    },
    async ({ given }) => {
      const { 'authorization-mode': mode = given['authorization_mode'], ...flags } = (given['flags'] ??
        {}) as Readonly<Record<string, unknown>>
      if (mode !== undefined) {
        if (given['authentication_configuration'] !== undefined) {
          throw new NotUnderstood('given.authentication_configuration beside a mode')
        }
        const { anonymous: isOn, warnings } = await appliedFlags({
          'token-auth-file': 't',
          ...flags,
          'authorization-mode': mode,
        })
        return { outcome: 'loaded', anonymous_enabled: isOn, warnings }
      }
      const { config, problems } = resolve(given)
      const [problem] = problems
      return problem === undefined
        ? { outcome: 'loaded', anonymous_enabled: config.enabled, warnings: 0 }
        : { outcome: 'load-error', field: problem.path, text_contains: problem.message }
    },
  ),
}

async function withGroups(
  { given }: Vector,
  wrap: (delegate: Authenticator) => Authenticator,
): Promise<Record<string, unknown>> {
  const behaviour = given['delegate'] as Behaviour
  const user = userOf(behaviour.user ?? { name: '' })
  const before = JSON.stringify(vectorUserOf(user))
  const delegate: Authenticator =
    behaviour.returns === 'authenticated'
      ? {
          name: 'delegate',
          authenticate: () => ({
            user,
            ...(behaviour.audiences !== undefined && { audiences: behaviour.audiences }),
          }),
        }
      : { name: 'delegate', authenticate: scripted(behaviour).authenticate }
  const outcome = await outcomeOf(() => wrap(delegate).authenticate(requestOf({}), emptyContext))
  return { ...outcome, delegate_object_mutated: JSON.stringify(vectorUserOf(user)) !== before }
}

function resolve(given: Vector['given']): ReturnType<typeof resolveAnonymous> {
  const flags = (given['flags'] ?? {}) as Readonly<Record<string, unknown>>
  const file = given['authentication_configuration'] as Readonly<Record<string, unknown>> | undefined
  const others = Object.keys(flags).filter((flag) => flag !== 'anonymous-auth')
  if (others.length > 0) throw new NotUnderstood(`given.flags.${others.join(', ')}`)
  if (
    file !== undefined &&
    Object.keys(file).some((field) => field !== 'anonymous' && !isEmptyList(file[field]))
  ) {
    throw new NotUnderstood('given.authentication_configuration')
  }
  const anonymousAuth = flags['anonymous-auth'] as boolean | undefined
  const configuration = file?.['anonymous'] as AnonymousConfig | undefined
  return resolveAnonymous({
    ...(anonymousAuth !== undefined && { anonymousAuth }),
    ...(configuration !== undefined && { configuration }),
  })
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
