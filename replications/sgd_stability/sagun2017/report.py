from verifig.pages.page import Page

page = Page("sagun2017")
