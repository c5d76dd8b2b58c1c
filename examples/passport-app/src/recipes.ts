import type { Secrets } from './files.ts'

/** A shell command, and its expected output. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** The answers of the three versions to the same requests. */
export function recipes({ janesToken, joesPassword }: Secrets, origin: string): readonly Recipe[] {
  const curl = (app: string, ...options: readonly string[]): string =>
    ['curl --silent --show-error', ...options, `${origin}/${app}/whoami`].join(' ')
  const token = (value: string): string => `--header 'Authorization: Bearer ${value}'`
  const user = `--user joe:${joesPassword}`
  return [
    {
      title: 'before: with a token',
      command: curl('before', token(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1"]}',
    },
    {
      title: 'after: the same',
      command: curl('after', token(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1","system:authenticated"]}',
    },
    { title: 'before: with a password', command: curl('before', user), answer: 'Unauthorized' },
    {
      title: 'after: with a password, on the same route',
      command: curl('after', user),
      answer: '{"username":"joe","groups":["operators","system:authenticated"]}',
    },
    {
      title: 'before: with a malformed header',
      command: curl('before', token('a b')),
      answer: 'Bad Request',
    },
    { title: 'after: with a malformed header', command: curl('after', token('a b')), answer: 'Unauthorized' },
    { title: 'after: with a wrong token', command: curl('after', token('wrong')), answer: 'Unauthorized' },
    {
      title: 'inside: the old strategy, as one authenticator of the chain',
      command: curl('inside', token(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1","system:authenticated"]}',
    },
    {
      title: 'inside: with a wrong token',
      command: curl('inside', token('wrong')),
      answer:
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}',
    },
  ]
}
