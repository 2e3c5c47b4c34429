# %%
import crlf, bom, latin, prompts, no_newline, ff
print(crlf.TEXT, bom.TEXT, latin.TEXT, prompts.TEXT, no_newline.TEXT, ff.TEXT)
