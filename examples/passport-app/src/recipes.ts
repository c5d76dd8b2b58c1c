import { basic, bearer, curl, type Recipe, type SecretsOf, UNAUTHORIZED } from '@kube-authn-example/material'
import type { Secret } from './material.ts'

/** The answers of the three versions to the same requests. */
export function recipes({ janesToken, joesPassword }: SecretsOf<Secret>, origin: string): readonly Recipe[] {
  const ask = (app: string, ...options: readonly string[]): string =>
    curl(`${origin}/${app}/whoami`, ...options)
  const user = basic('joe', joesPassword)
  return [
    {
      title: 'before: with a token',
      command: ask('before', bearer(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1"]}',
    },
    {
      title: 'after: the same',
      command: ask('after', bearer(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1","system:authenticated"]}',
    },
    { title: 'before: with a password', command: ask('before', user), answer: 'Unauthorized' },
    {
      title: 'after: with a password, on the same route',
      command: ask('after', user),
      answer: '{"username":"joe","groups":["operators","system:authenticated"]}',
    },
    {
      title: 'before: with a malformed header',
      command: ask('before', bearer('a b')),
      answer: 'Bad Request',
    },
    { title: 'after: with a malformed header', command: ask('after', bearer('a b')), answer: 'Unauthorized' },
    { title: 'after: with a wrong token', command: ask('after', bearer('wrong')), answer: 'Unauthorized' },
    {
      title: 'inside: the old strategy, as one authenticator of the chain',
      command: ask('inside', bearer(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1","system:authenticated"]}',
    },
    {
      title: 'inside: with a wrong token',
      command: ask('inside', bearer('wrong')),
      answer: UNAUTHORIZED,
    },
  ]
}
