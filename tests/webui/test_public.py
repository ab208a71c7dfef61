"""Pages for anybody: where to get help, what is filtered."""

from web_browser import Browser
from web_school import SCHOOL, WebSchool


def test_help_lines_stand_there_with_telephone_and_site(school: WebSchool) -> None:
    page = Browser(school).get("/help")

    assert "Childline Talk about anything, day or night. It is free. 0800 1111" in page.text
    assert "tel:08001111" in page.links
    assert "https://childline.org.uk/" in page.links


def test_what_is_filtered_follows_from_the_policy_in_force(school: WebSchool) -> None:
    text = Browser(school).get("/filtering").text

    assert "Social Media Policy, September 2022" in text
    assert "Social media: social networks; video sharing" in text
    assert "When the headteacher signs a request for a class Social Media Policy, §7" in text
    assert "At break or lunch, once this is permitted: staff may at break" in text
    assert "everybody Blocked When it opens all the same Why Ways round the filter Never" in text


def test_the_first_page_says_what_this_is(school: WebSchool) -> None:
    page = Browser(school).get("/")

    assert SCHOOL in page.text
    assert {"/help", "/filtering", "/sign-in"} <= set(page.links)


def test_what_is_not_there_is_said_in_plain_words(school: WebSchool) -> None:
    browser = Browser(school)

    assert "This page is not here" in browser.get("/wp-login.php").text
    assert 404 == browser.status
