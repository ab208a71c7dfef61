"""The words that the commonest passwords are made of: of published lists, those with letters."""

COMMON_PARTS = frozenset(
    """
    abc abcd abcdef abcdefg abcdefgh abcdefghi abcdefghij abcdefghijkl abcdefghijklm access
    account adidas admin administrator adobe alex alexander alexandra amanda america andrea
    andrew angel angela anthony apple april arsenal asdf asdfg asdfgh asdfghj asdfghjk asdfghjkl
    ashley august austin autumn awesome azerty babygirl bailey banana baseball basketball batman
    beautiful beckham benjamin birmingham biteme blessed blink blue bonnie boomer brandon
    bristol britain brooklyn buster butterfly california cambridge cameron carlos changeit
    changeme charlie charlotte cheese chelsea cheshire chicken children chocolate chris
    christian christmas christopher cinderella classroom coffee company computer cookie
    correcthorsebatterystaple corvette cowboys creative crystal dallas daniel danielle david
    december default demo diamond dolphin dragon dreams eagles education edward eight elephant
    elizabeth eminem england everton evertonfc facebook falcon family february ferrari flower
    flowers football forever freedom friday friend friends fuckyou george german ginger
    godisgood golden google governor governors grace green guitar hammer hannah happy harley
    harry heaven hello hellokitty hockey holiday hotmail hunter iloveme ilovemyself iloveu
    iloveyou iloveyousomuch india internet isabella jackson january jasmine jennifer jessica
    jesus jesuschrist jordan joseph joshua juice july june junior justin kitten knight
    lancashire lancaster letmein letmeinnow liverpool liverpoolfc london love lovely loveme
    lovers loveyou madison maggie manchester manchesterunited manutd march marina martin master
    matrix matthew maverick melissa mercedes merlin michael michelle midnight minecraft monday
    monkey monster morgan mother mountain mustang mylove mypassword myspace naruto nascar
    natalie nathan network nevergiveup newyork nicholas nicole ninja nothing november october
    office oliver onetwothree onetwothreefour opensesame orange oxford pakistan pass passphrase
    passwd password passwordpassword passwort patrick peanut pepper phoenix phone pokemon police
    poohbear porsche power prince princess private purple qazwsx qazwsxedc qwer qwert qwerty
    qwertyu qwertyui qwertyuio qwertyuiop qwertyuiopasdf qwertz rachel rainbow ranger rangers
    rebecca red robert rockyou samantha samsung samuel saturday school schoolgate schools
    scotland secret security september server shadow shannon silver slipknot smokey snoopy
    soccer softball spiderman spongebob spring star starwars steelers stephanie steven student
    students summer sunday sunflower sunshine super superman support sweet sweetheart sweetie
    system taylor teacher teachers teaching technician temp temporary test tester testing
    thisismypassword thomas thunder thursday tiffany tigger tinkerbell tottenham trinity trustme
    trustno tuesday twilight unicorn united universe vanessa victoria wednesday welcome whatever
    william williams winner winter wizard wonderful yankees yellow youtube zaqwsx zxcv zxcvb
    zxcvbn zxcvbnm
    """.split()  # noqa: SIM905 - a list of so many words reads better without marks around each
)
