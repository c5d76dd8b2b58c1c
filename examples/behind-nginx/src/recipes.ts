import { relative } from 'node:path'
import type { Material } from './material.ts'

/** A shell command, and its expected output. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** The addresses of nginx and of the app. */
export interface Origins {
  readonly nginx: string
  readonly app: string
}

/** Commands for valid users, and for attempts to act as another user. */
export function recipes(material: Material, origins: Origins): readonly Recipe[] {
  const { janesPassword, joesPassword, robotsToken } = material.secrets
  const file = (path: string): string => quote(relative(process.cwd(), path))
  const curl = (url: string, ...options: readonly string[]): string =>
    ['curl --silent --show-error --cacert', file(material.caPath), ...options, url].join(' ')
  const header = (text: string): string => `--header ${quote(text)}`
  const certificate = ({ certificatePath, keyPath }: Material['impostor']): string =>
    `--cert ${file(certificatePath)} --key ${file(keyPath)}`
  const throughNginx = `${origins.nginx}/whoami`
  const pastNginx = `${origins.app}/whoami`
  const jane = `--user ${quote(`jane:${janesPassword}`)}`
  const joe = `--user ${quote(`joe:${joesPassword}`)}`
  const spoof = [header('X-Remote-User: root'), header('X-Remote-Group: system:masters')]
  const onlyStatus = `--output /dev/null --write-out '%{http_code}'`
  const joeIs = user('joe', ['operators'], BY_NGINX)
  const robotIs = user('robot', ['machines'], {})
  return [
    {
      title: 'jane has two groups; one of them contains a comma',
      command: curl(throughNginx, jane),
      answer: user('jane', ['developers', 'ops, on call'], BY_NGINX),
    },
    { title: 'joe has one', command: curl(throughNginx, joe), answer: joeIs },
    {
      title: 'joe claims to be another user; nginx removes the headers',
      command: curl(throughNginx, joe, ...spoof),
      answer: joeIs,
    },
    {
      title: 'the same with other spellings, and with a header that nginx does not set itself',
      command: curl(
        throughNginx,
        joe,
        header('X_Remote_User: root'),
        header('x-remote-extra-team: red'),
        header('X-Remote-Uid: 0'),
      ),
      answer: joeIs,
    },
    {
      title: 'the application sees none of these headers, and not the password either',
      command: curl(`${origins.nginx}/headers`, joe, ...spoof),
      answer: '[]',
    },
    {
      title: 'nginx refuses a wrong password',
      command: curl(throughNginx, `--user 'jane:wrong'`, onlyStatus),
      answer: '401',
    },
    {
      title: 'without nginx: the app ignores the headers without a certificate',
      command: curl(pastNginx, ...spoof),
      answer: UNAUTHORIZED,
    },
    {
      title: 'without nginx: the same with a certificate of the right CA and another name',
      command: curl(pastNginx, certificate(material.otherProxy), ...spoof),
      answer: UNAUTHORIZED,
    },
    {
      title: 'without nginx: the same with a certificate of the right name and another CA',
      command: curl(pastNginx, certificate(material.impostor), ...spoof),
      answer: UNAUTHORIZED,
    },
    {
      title: 'without nginx: a token determines the user, whatever the headers say',
      command: curl(pastNginx, header(`Authorization: Bearer ${robotsToken}`), ...spoof),
      answer: robotIs,
    },
    {
      title: 'without nginx: the application sees none of the headers',
      command: curl(
        `${origins.app}/headers`,
        header(`Authorization: Bearer ${robotsToken}`),
        ...spoof,
        header('X-Remote-Extra-Team: red'),
      ),
      answer: '[]',
    },
  ]
}

const BY_NGINX = { proxy: ['nginx'] }

const UNAUTHORIZED =
  '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}'

function user(
  username: string,
  groups: readonly string[],
  extra: Readonly<Record<string, string[]>>,
): string {
  return JSON.stringify({ username, groups: [...groups, 'system:authenticated'], extra })
}

/** Quotes one word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
