import { describe, expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'
import { en } from '../i18n/en.ts'
import { zhCN } from '../i18n/zh-CN.ts'
import { toldText } from './toldText.ts'

const words = (locale: 'en' | 'zh-CN') => createI18n({ legacy: false, locale, messages: { en, 'zh-CN': zhCN } }).global
const say = (locale: 'en' | 'zh-CN', told: Parameters<typeof toldText>[1]) => toldText(words(locale), told)

describe('a sentence of the host', () => {
  it('is said in the chosen language, with its values and what it is about', () => {
    const told = { code: 'recordProblems.oddHex', details: { n: 12_345, part: 'header', header: 'trace' }, message: 'English' }
    expect(say('en', told)).toBe('Header trace: A byte has two hexadecimal digits, and there are 12,345.')
    expect(say('zh-CN', told)).toBe('Header trace：一个字节有两位十六进制数字，而这里有 12,345 位。')
  })

  it('keeps what somebody else said as a detail behind words of ours', () => {
    const told = { code: 'ENOSPC', details: {}, message: 'cannot write (ENOSPC, /data/a.ndjson)' }
    expect(say('en', told)).toBe('There is no space left on the disk: cannot write (ENOSPC, /data/a.ndjson)')
    expect(say('zh-CN', told)).toBe('磁盘空间不足：cannot write (ENOSPC, /data/a.ndjson)')
  })

  it('that we have no words for is said as it came', () => {
    const told = { code: 'SOME_NEW_ERROR', details: {}, message: 'The broker says {so}' }
    expect(say('en', told)).toBe('The broker says {so}')
    expect(say('zh-CN', told)).toBe('未能完成：The broker says {so}')
  })

  it('takes braces and bars in a value for what they are', () => {
    const told = { code: 'recordProblems.noFunction', details: { name: '{{a|b}}', at: 3, known: 'uuid' }, message: '' }
    expect(say('en', told)).toBe('There is no {{a|b}}, at character 3. There are: uuid.')
  })
})
