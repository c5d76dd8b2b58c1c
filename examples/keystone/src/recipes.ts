import { writeFileSync } from 'node:fs'
import { basic, curl, type Material, near, quote, type Recipe, trusting } from '@kube-authn-example/material'
import type { Cloud } from './cloud.ts'
import type { Secret } from './material.ts'

/** Commands for the users of the cloud, and for refused requests. */
export function recipes(
  material: Material<Secret>,
  cloud: Cloud,
  app: string,
  keystone: string,
): readonly Recipe[] {
  const { janesPassword, joesPassword } = material.secrets
  const file = (name: string): string => near(material.path(name))
  const ask = (path: string, ...options: readonly string[]): string =>
    curl(`${app}${path}`, trusting(material), ...options)
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
      command: ask('/whoami', basic('jane', janesPassword)) + onlyGroups,
      answer,
    },
    {
      title: 'jane with a wrong password',
      command: ask('/whoami', basic('jane', 'wrong'), onlyStatus),
      answer: '401',
    },
    {
      title: 'joe, whose user is disabled in Keystone',
      command: ask('/whoami', basic('joe', joesPassword), onlyStatus),
      answer: '401',
    },
    {
      title: 'jane gets a token, as for every other service of OpenStack',
      command: `(. ${file('jane.openrc')}; openstack token issue --format value --column id >${file('token')})`,
      answer: '',
    },
    {
      title: 'with the token as a bearer token',
      command: ask('/whoami', `--header "Authorization: Bearer ${token}"`) + onlyGroups,
      answer,
    },
    {
      title: 'with the token in X-Auth-Token, as for the other services',
      command: ask('/whoami', `--header "X-Auth-Token: ${token}"`) + onlyGroups,
      answer,
    },
    {
      title: 'the application does not see that header',
      command: ask('/headers', `--header "X-Auth-Token: ${token}"`),
      answer: '[]',
    },
    {
      title: 'a token of another kind is not sent to Keystone',
      command: ask('/whoami', `--header 'X-Auth-Token: abcdef.0123456789abcdef'`, onlyStatus),
      answer: '401',
    },
  ]
}

/** Writes the environment file of OpenStack's clients. */
function writeOpenrc({ path, secrets }: Material<Secret>, keystone: string): void {
  const variables = {
    OS_AUTH_URL: `${keystone}/v3`,
    OS_CACERT: path('ca.crt'),
    OS_USERNAME: 'jane',
    OS_PASSWORD: secrets.janesPassword,
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_NAME: 'shop',
    OS_PROJECT_DOMAIN_ID: 'default',
    OS_IDENTITY_API_VERSION: '3',
  }
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`)
  writeFileSync(path('jane.openrc'), lines.join(''), { mode: 0o600 })
}
