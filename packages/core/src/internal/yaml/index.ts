export { yamlDocument } from './yaml-documents.ts'
