export { yamlDocuments, type YamlLimits } from './yaml-documents.ts'
