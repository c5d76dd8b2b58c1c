export { yamlDocument, yamlDocuments, type YamlLimits } from './yaml-documents.ts'
