import { useI18n } from 'vue-i18n'
import type { SchemaTrouble } from '../../../../src-main/contract/schemas.ts'

/** Why a schema could not be had or used, as a sentence. */
export function useTrouble(): (trouble: SchemaTrouble) => string {
  const { t } = useI18n()
  return ({ code, what, path }) => {
    const why = t(`schemas.troubles.${code}`, { what: what.replace(/[.。]$/, '') })
    return path === '' ? why : t('schemas.troubles.at', { path, why })
  }
}
