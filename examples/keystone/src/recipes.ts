import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Cloud } from './cloud.ts'
import type { Material } from './material.ts'

/** A shell command, and its expected output. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** Commands for the users of the cloud, and for refused requests. */
export function recipes(material: Material, cloud: Cloud, app: string, keystone: string): readonly Recipe[] {
  const { janesPassword, joesPassword } = material.secrets
  const file = (name: string): string => quote(relative(process.cwd(), join(material.folder, name)))
  const curl = (path: string, ...options: readonly string[]): string =>
    ['curl --silent --show-error --cacert', file('ca.crt'), ...options, `${app}${path}`].join(' ')
  const user = (name: string, password: string): string => `--user ${quote(`${name}:${password}`)}`
  const onlyStatus = `--output /dev/null --write-out '%{http_code}'`
  writeOpenrc(material, keystone)
  const token = `$(cat ${file('token')})`
  const answer = JSON.stringify({
    groups: ['developers', cloud.project, 'shoppers', 'system:authenticated'],
  }).slice(1, -1)
  const onlyGroups = String.raw` | grep -o '"groups":[^]]*]'`
  return [
    {
      title:
        'jane logs in with her password and has her group, her project, and the group that her role maps to',
      command: curl('/whoami', user('jane', janesPassword)) + onlyGroups,
      answer,
    },
    {
      title: 'jane with a wrong password',
      command: curl('/whoami', user('jane', 'wrong'), onlyStatus),
      answer: '401',
    },
    {
      title: 'joe, whose user is disabled in Keystone',
      command: curl('/whoami', user('joe', joesPassword), onlyStatus),
      answer: '401',
    },
    {
      title: 'jane gets a token, as for every other service of OpenStack',
      command: `(. ${file('jane.openrc')}; openstack token issue --format value --column id >${file('token')})`,
      answer: '',
    },
    {
      title: 'with the token as a bearer token',
      command: curl('/whoami', `--header "Authorization: Bearer ${token}"`) + onlyGroups,
      answer,
    },
    {
      title: 'with the token in X-Auth-Token, as for the other services',
      command: curl('/whoami', `--header "X-Auth-Token: ${token}"`) + onlyGroups,
      answer,
    },
    {
      title: 'the application does not see that header',
      command: curl('/headers', `--header "X-Auth-Token: ${token}"`),
      answer: '[]',
    },
    {
      title: 'a token of another kind is not sent to Keystone',
      command: curl('/whoami', `--header 'X-Auth-Token: abcdef.0123456789abcdef'`, onlyStatus),
      answer: '401',
    },
  ]
}

/** Writes the environment file of OpenStack's clients. */
function writeOpenrc({ folder, caPath, secrets }: Material, keystone: string): void {
  const variables = {
    OS_AUTH_URL: `${keystone}/v3`,
    OS_CACERT: caPath,
    OS_USERNAME: 'jane',
    OS_PASSWORD: secrets.janesPassword,
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_NAME: 'shop',
    OS_PROJECT_DOMAIN_ID: 'default',
    OS_IDENTITY_API_VERSION: '3',
  }
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`)
  writeFileSync(join(folder, 'jane.openrc'), lines.join(''), { mode: 0o600 })
}

/** Quotes one word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
