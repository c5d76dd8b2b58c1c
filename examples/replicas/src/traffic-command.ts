/** What tells `traffic.js` where everything is. */
const SETTINGS = ['MATERIAL', 'PORT', 'APP_PORT'] as const

/** The command that tries this setup, for a shell, with the settings that are not the default ones. */
export function trafficCommand(env: Readonly<Record<string, string | undefined>>): string {
  const given = SETTINGS.flatMap((name) => {
    const value = env[name]
    return value === undefined ? [] : [`${name}='${value.replaceAll("'", String.raw`'\''`)}'`]
  })
  return [...given, 'node examples/replicas/dist/traffic.js --faults'].join(' ')
}
