Feature: The agent that reports what runs

  # ---- configuration: what is wrong is said in one line

  Scenario: no configuration
    Given an agent without a configuration
    When the agent reports
    Then it ends with 78 and one line that names "agent.json"

  Scenario: a configuration that it may not read
    Given an agent for listings
    But its configuration may not be read
    When the agent reports
    Then it ends with 78 and one line that names "agent.json"

  Scenario: no uuid
    Given an agent for listings
    But its configuration lacks "uuid"
    When the agent reports
    Then it ends with 78 and one line that names "uuid"

  Scenario: no url
    Given an agent for listings
    But its configuration lacks "url"
    When the agent reports
    Then it ends with 78 and one line that names "url"

  Scenario: an unknown key
    Given an agent for listings
    And its configuration sets "uiud" to "web-1"
    When the agent reports
    Then it ends with 78 and one line that names "uiud"

  Scenario: a token that others can read
    Given an agent for listings
    And its token can be read by others
    When the agent reports
    Then it ends with 78 and one line that names "token_file"

  Scenario: no token
    Given a collector
    And an agent for listings
    But its configuration lacks "token_file"
    When the agent reports
    Then it ends with 77 and says "Unauthorized Access"
    And nothing is stored

  # ---- reporting

  Scenario: nobody answers
    Given an agent for listings
    When the agent reports
    Then it ends with 75 and says "spooled"

  Scenario: the collector cannot store it
    Given a collector whose disk is full
    And an agent for listings
    When the agent reports
    Then it ends with 75 and says "status=507"

  Scenario: a collector that it does not know
    Given a collector
    And an agent for listings
    But its configuration lacks "cacert"
    When the agent reports
    Then it ends with 75 and says "certificate"
    And nothing is stored

  Scenario: reporting
    Given a collector
    And an agent for listings
    When the agent reports
    Then it ends with 0 and says "status=200"
    And the count is 1
    And the latest listing carries the uuid of the agent
    And its timestamp has ten digits, a dot and seven decimals
    And each of its processes has the members of psutil
    And the agent itself is among its processes

  Scenario: what could not be delivered follows
    Given an agent for listings
    When the agent reports
    Then it ends with 75 and says "spooled"
    Given a collector
    When the agent reports
    Then it ends with 0 and says "status=200"
    And the count is 2
