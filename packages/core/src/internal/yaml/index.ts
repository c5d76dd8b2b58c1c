export type { YamlLimits } from './limits.ts'
export { yamlDocument, yamlDocuments } from './yaml-documents.ts'
