import {
  basic,
  bearer,
  clientCertificate,
  curl,
  header,
  type Material,
  type Recipe,
  trusting,
  UNAUTHORIZED,
} from '@kube-authn-example/material'
import type { Secret } from './material.ts'

/** The addresses of nginx and of the app. */
export interface Origins {
  readonly nginx: string
  readonly app: string
}

/** Commands for valid users, and for attempts to act as another user. */
export function recipes(material: Material<Secret>, origins: Origins): readonly Recipe[] {
  const { janesPassword, joesPassword, robotsToken } = material.secrets
  const ask = (url: string, ...options: readonly string[]): string =>
    curl(url, trusting(material), ...options)
  const throughNginx = `${origins.nginx}/whoami`
  const pastNginx = `${origins.app}/whoami`
  const jane = basic('jane', janesPassword)
  const joe = basic('joe', joesPassword)
  const spoof = [header('X-Remote-User: root'), header('X-Remote-Group: system:masters')]
  const onlyStatus = `--output /dev/null --write-out '%{http_code}'`
  const joeIs = user('joe', ['operators'], BY_NGINX)
  const robotIs = user('robot', ['machines'], {})
  return [
    {
      title: 'jane has two groups; one of them contains a comma',
      command: ask(throughNginx, jane),
      answer: user('jane', ['developers', 'ops, on call'], BY_NGINX),
    },
    { title: 'joe has one', command: ask(throughNginx, joe), answer: joeIs },
    {
      title: 'joe claims to be another user; nginx removes the headers',
      command: ask(throughNginx, joe, ...spoof),
      answer: joeIs,
    },
    {
      title: 'the same with other spellings, and with a header that nginx does not set itself',
      command: ask(
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
      command: ask(`${origins.nginx}/headers`, joe, ...spoof),
      answer: '[]',
    },
    {
      title: 'nginx refuses a wrong password',
      command: ask(throughNginx, basic('jane', 'wrong'), onlyStatus),
      answer: '401',
    },
    {
      title: 'without nginx: the app ignores the headers without a certificate',
      command: ask(pastNginx, ...spoof),
      answer: UNAUTHORIZED,
    },
    {
      title: 'without nginx: the same with a certificate of the right CA and another name',
      command: ask(pastNginx, clientCertificate(material, 'other-proxy'), ...spoof),
      answer: UNAUTHORIZED,
    },
    {
      title: 'without nginx: the same with a certificate of the right name and another CA',
      command: ask(pastNginx, clientCertificate(material, 'impostor'), ...spoof),
      answer: UNAUTHORIZED,
    },
    {
      title: 'without nginx: a token determines the user, whatever the headers say',
      command: ask(pastNginx, bearer(robotsToken), ...spoof),
      answer: robotIs,
    },
    {
      title: 'without nginx: the application sees none of the headers',
      command: ask(
        `${origins.app}/headers`,
        bearer(robotsToken),
        ...spoof,
        header('X-Remote-Extra-Team: red'),
      ),
      answer: '[]',
    },
  ]
}

const BY_NGINX = { proxy: ['nginx'] }

function user(
  username: string,
  groups: readonly string[],
  extra: Readonly<Record<string, string[]>>,
): string {
  return JSON.stringify({ username, groups: [...groups, 'system:authenticated'], extra })
}
