import { posix } from 'node:path'
import { parseSync } from 'oxc-parser'

/**
 * Lets a chunk be the file of an entry, which would otherwise be a second file that only exports what is in the chunk: one less to find and read at
 * each start. The file also exports, under short names, what other chunks need. So the entry must not be a public one.
 *
 * @param hosts the names of entries, by the names of their chunks.
 * @returns a plugin, and options of the output.
 */
export function hostedEntries(hosts) {
  const entries = Object.values(hosts)
  return {
    plugin: {
      name: 'hosted-entries',
      generateBundle(_, bundle) {
        for (const entry of entries) {
          const facade = bundle[`${entry}${FACADE}`]
          const host = bundle[`${entry}.js`]
          if (facade === undefined || host === undefined || facade.moduleIds.length > 0)
            throw new Error(`the entry ${entry} is not in its chunk`)
          const [code, ...sourceMap] = host.code.split(/(?=\n\/\/# sourceMappingURL=)/)
          host.code = `${code.trimEnd()}\n${exportsFor(host, facade)}\n${sourceMap.join('')}`
          delete bundle[facade.fileName]
          delete bundle[`${facade.fileName}.map`]
        }
        // What is loaded with `import()`.
        for (const file of Object.values(bundle)) {
          if (file.type === 'chunk') file.code = file.code.replaceAll(`${FACADE}")`, '.js")')
        }
      },
    },
    entryFileNames: ({ name }) => `${name}${entries.includes(name) ? FACADE : '.js'}`,
    chunkFileNames: ({ name }) => `${Object.hasOwn(hosts, name) ? hosts[name] : `chunks/${name}`}.js`,
  }
}

const FACADE = '.facade.js'

/** The statements that export from one file what another one exports. */
function exportsFor(host, facade) {
  const localNames = new Map(exportsOf(host).map(({ name, local }) => [name, local]))
  const names = new Map()
  for (const { name, from, imported } of exportsOf(facade)) {
    const isOwn = posix.join(posix.dirname(facade.fileName), from) === host.fileName
    const source = isOwn ? '' : ` from "${from}"`
    const local = isOwn ? localNames.get(imported) : imported
    if (local === undefined) throw new Error(`${host.fileName} does not export ${imported}`)
    names.set(source, [...(names.get(source) ?? []), local === name ? name : `${local} as ${name}`])
  }
  return [...names].map(([source, each]) => `export { ${each.join(', ')} }${source};`).join('\n')
}

/** The exports of a file: the name of each, and where it comes from. */
function exportsOf({ fileName, code }) {
  const { staticImports, staticExports } = parseSync(fileName, code).module
  const imports = new Map(
    staticImports.flatMap(({ moduleRequest, entries }) =>
      entries.map(({ localName, importName }) => [
        localName.value,
        { from: moduleRequest.value, imported: importName.name },
      ]),
    ),
  )
  return staticExports.flatMap(({ entries }) =>
    entries.map(({ exportName, localName, moduleRequest, importName }) => ({
      name: exportName.name,
      local: localName.name,
      ...(moduleRequest === null
        ? imports.get(localName.name)
        : { from: moduleRequest.value, imported: importName.name }),
    })),
  )
}
