// Writes `docs/reference.md` from the documentation comments of the public API: every function, class and constant, and every option.
import { isType, resolve } from './declarations.mjs'

const INTRODUCTION = `# Reference

Every public function, class and constant, by entry, and every option. This page is made from the documentation comments of the code:
your editor shows the same, with examples. [The start](README.md) leads to the guides.
`

/** The page, for the packages that are published. */
export function reference(published) {
  const entries = published.flatMap((each) => each.entries).filter(({ isPublic }) => isPublic)
  const all = entries.flatMap(({ exported }) => [...exported])
  const optionTypes = optionTypesOf(all)
  const described = new Set(
    all.flatMap(([, declarations]) => declarations).filter(({ node }) => isType(node)),
  )
  const isShape = (name) => all.some(([other, found]) => other !== name && mentions(found, name))
  const written = new Map()

  const sections = entries.map(({ title, exported }) => {
    const here = [...exported].toSorted(([one], [other]) => one.localeCompare(other, 'en'))
    const isWritten = ([, [first]]) => written.has(first)
    const values = here.filter(([, [first]]) => first !== undefined && !isType(first.node))
    const options = [
      ...here.filter(([, [first]]) => optionTypes.has(first) && !written.has(first)),
      ...values.flatMap(([, [first]]) => ownOptionsOf(first)).filter(([, [first]]) => !written.has(first)),
    ].filter(([, [first]], index, every) => every.findIndex(([, [other]]) => other === first) === index)
    const types = here.filter(
      ([name, [first]]) =>
        first !== undefined && isType(first.node) && !optionTypes.has(first) && !isShape(name),
    )
    const listed = [...values, ...types]
    const items = listed.filter((each) => !isWritten(each)).map(itemOf)
    const again = listed.filter(isWritten).map(([name]) => `\`${name}\``)
    for (const [, [first]] of [...listed, ...options]) written.set(first, title)
    const parts = [
      items.join('\n'),
      again.length > 0 ? `Also here: ${again.join(', ')}.` : '',
      ...options.map(([name, [first]]) => optionsOf(name, first, described)),
    ]
    const content = parts.filter((part) => part !== '').join('\n\n')
    return content === '' ? '' : `\n## \`${title}\`\n\n${content}\n`
  })
  return `${INTRODUCTION}${sections.join('')}`
}

/** The types of a function's options, which mostly have no public name. */
function ownOptionsOf({ file, code }) {
  const names = new Set(code.match(/\b\w+Options\b/g))
  return [...names]
    .map((name) => [name, resolve(file, name)])
    .filter(([, [first]]) => first !== undefined && isType(first.node))
}

/** The types of options: those that a public function takes, with the public types that they extend or contain. */
function optionTypesOf(all) {
  const found = new Set()
  const visit = (declared) => {
    if (found.has(declared) || !isType(declared.node)) return
    found.add(declared)
    for (const [name, declarations] of all) {
      const isBase = basesOf(declared).some((base) => headOf(base) === name)
      if (isBase || (name.endsWith('Options') && mentions([declared], name))) {
        for (const each of declarations) if (resolve(declared.file, name).includes(each)) visit(each)
      }
    }
  }
  for (const [, declarations] of all) {
    for (const { node, code, file } of declarations) {
      if (isType(node)) continue
      for (const [name] of code.matchAll(/\b\w+Options\b/g))
        for (const each of resolve(file, name)) visit(each)
    }
  }
  return found
}

function mentions(declarations, name) {
  return declarations.some(({ code }) => new RegExp(`\\b${name.replace('$', '\\$')}\\b`).test(code))
}

function itemOf([name, declarations]) {
  const doc = declarations.map(({ docOf, node }) => docOf(node)).find((each) => each !== '') ?? ''
  return `- \`${name}${parametersOf(declarations[0].node)}\`: ${summaryOf(doc)}`.trimEnd()
}

/** The names of a function's parameters; nothing for another declaration. */
function parametersOf({ type, params }) {
  if (type !== 'TSDeclareFunction' && type !== 'FunctionDeclaration') return ''
  const names = params.map((param) => {
    if (param.type === 'RestElement') return `...${param.argument.name}`
    return `${param.name ?? nameOfType(param)}${param.optional ? '?' : ''}`
  })
  return `(${names.join(', ')})`
}

/** A name for a parameter that has none of its own: `certificate` for a `Certificate`, `options` for `CachedOptions`. */
function nameOfType({ typeAnnotation }) {
  const { name = 'Options' } = typeAnnotation?.typeAnnotation.typeName ?? {}
  return name.endsWith('Options') ? 'options' : `${name[0].toLowerCase()}${name.slice(1)}`
}

/** The options of a type, with those of the types that it extends, unless they are listed under their own name. */
function optionsOf(name, declared, described) {
  const lines = []
  const listed = []
  const visit = (each, base) => {
    const omitted = omittedBy(base)
    const members = membersOf(each).filter(({ key }) => !omitted.has(key.name ?? key.value))
    lines.push(...members.flatMap((member) => linesOf(withArguments(each, base), member)))
    for (const inner of basesOf(each)) {
      const [found] = resolve(each.file, headOf(inner))
      if (found !== undefined && !described.has(found)) visit(found, inner)
      else listed.push(`\`${inner}\``)
    }
  }
  visit(declared, name)
  const inherited = listed.length > 0 ? `: those of ${listed.join(' and ')}` : ''
  if (lines.length === 0) return `Options \`${name}\`${inherited}.`
  return `Options \`${name}\`${inherited === '' ? ':' : `${inherited}, and`}\n\n${lines.join('\n')}`
}

/** The line of an option, and those of the options within it. */
function linesOf(declared, member, prefix = '') {
  const key = `${prefix}${member.key.name ?? member.key.value}`
  const written = member.typeAnnotation?.typeAnnotation
  const inner = member.type === 'TSMethodSignature' ? [] : literalMembersOf(written)
  const type =
    member.type === 'TSMethodSignature' ? 'function' : declared.codeOf(written).replaceAll('readonly ', '')
  const about = summaryOf(declared.docOf(member)) || aboutType(declared.file, type)
  const shown = inner.length === 0 ? type : type.endsWith('[]') ? 'object[]' : 'object'
  const own = `- \`${key}${member.optional ? '?' : ''}: ${shown}\`: ${about}`.trimEnd()
  return [own, ...inner.flatMap((each) => linesOf(declared, each, `${key}.`))]
}

/** The members of an object type that is written in place, also of those in a list. */
function literalMembersOf(type) {
  if (type.type === 'TSTypeOperator') return literalMembersOf(type.typeAnnotation)
  if (type.type === 'TSArrayType') return literalMembersOf(type.elementType)
  return type.type === 'TSTypeLiteral' ? type.members.filter(({ key }) => key !== undefined) : []
}

/** The comment of a type, for an option without a comment of its own, such as `clock`. */
function aboutType(file, type) {
  const [declared] = resolve(file, /^(?:readonly )?([\w$]+)(?:\[\])?$/.exec(type)?.[1] ?? '')
  return declared === undefined ? '' : summaryOf(declared.docOf(declared.node))
}

/** The members that a type has itself. */
function membersOf({ node }) {
  const own = (type) => {
    if (type.type === 'TSTypeLiteral') return type.members
    return type.type === 'TSIntersectionType' ? type.types.flatMap(own) : []
  }
  const members = node.type === 'TSInterfaceDeclaration' ? node.body.body : own(node.typeAnnotation)
  return members.filter(({ key }) => key !== undefined)
}

/** The types that a type extends, as written: `Omit<WebhookOptions, 'url'>`. */
function basesOf({ node, codeOf }) {
  const references = (type) => {
    if (type.type === 'TSTypeReference') return [codeOf(type)]
    return type.type === 'TSIntersectionType' || type.type === 'TSUnionType'
      ? type.types.flatMap(references)
      : []
  }
  return node.type === 'TSInterfaceDeclaration' ? node.extends.map(codeOf) : references(node.typeAnnotation)
}

/** The type in `Omit<TYPE, ...>` and the like. */
function headOf(base) {
  const [, inner] = /^(?:Omit|Pick|Partial|Required|Readonly)<([\w$]+)/.exec(base) ?? []
  return inner ?? /^[\w$]+/.exec(base)?.[0] ?? ''
}

/** The members that a base type leaves out: `Omit<WebhookOptions, 'url'>`. */
function omittedBy(base) {
  const [, omitted = ''] = /^Omit<[\w$]+, (.+)>$/.exec(base) ?? []
  return new Set([...omitted.matchAll(/'([^']+)'/g)].map(([, name]) => name))
}

/** A declaration whose types are written with the argument of a base type: `ImpersonationOptionsOf<Context>`. */
function withArguments(declared, base) {
  const parameter = declared.node.typeParameters?.params[0]?.name.name
  const [, argument] = /^(?!Omit|Pick|Partial|Required|Readonly)[\w$]+<([\w$]+)>$/.exec(base) ?? []
  if (parameter === undefined || argument === undefined) return declared
  const codeOf = (node) => declared.codeOf(node).replaceAll(new RegExp(`\\b${parameter}\\b`, 'g'), argument)
  return { ...declared, codeOf }
}

/** The first paragraph, as one line of Markdown. */
function summaryOf(doc) {
  const [paragraph = ''] = doc.split(/\n\s*\n|(?:^|\n)@/)
  return paragraph
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\{@link (?:[^}|]+\|)?([^}]+)\}/g, (_, name) => `\`${name.trim()}\``)
    .replaceAll(/(?<![\w*`])\*(\w[^*`]*)\*(?!\w)/g, '_$1_')
    .trim()
}
