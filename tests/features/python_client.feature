Feature: A client in Python that knew another collector

  It uses requests and psutil, and names the server's certificate. Only its url and its token are set.

  Scenario: it reports, and reads what it reported
    Given a collector
    And the client in Python
    When the client reports
    Then the client sees success
    And the client sees that the count is 1
    And the client sees its own listing as the latest

  Scenario Outline: tokens of all printable characters: <token>
    Given a collector that knows the token <token>
    And the client in Python
    When the client reports
    Then the client sees success

    Examples:
      | token                                  |
      | p@ss/w0rd=+~!#$%&*(),;:?[]{}^`<>'._-   |
      | "quoted"                               |
      | back\slash\\                           |
      | AbC0+/==                               |
      | two words  and more                    |
      | Bearer                                 |
      | #comment                               |
      | %41%00%0a                              |

  Scenario: another token
    Given a collector that knows the token a,b;c=d
    And the client in Python
    But the client has the token a,b;c=e
    When the client reports
    Then the client is refused with 401 and "Unauthorized Access"

  Scenario: a certificate that it does not know
    Given a collector
    And the client in Python
    But it knows another certificate
    When the client reports
    Then the client does not trust the collector
