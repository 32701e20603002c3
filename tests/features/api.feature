Feature: The API that agents report to

  # ---- configuration: what is wrong is said in one line

  Scenario: no configuration
    Given a handler without a configuration
    When the handler starts
    Then it ends with 78 and one line that names "handler.json"

  Scenario: a configuration that it may not read
    Given a configured handler
    But its configuration may not be read
    When the handler starts
    Then it ends with 78 and one line that names "handler.json"

  Scenario: an unknown key
    Given a configured handler
    And its configuration sets "record_dir" to "/srv"
    When the handler starts
    Then it ends with 78 and one line that names "record_dir"

  Scenario: no storage directory configured
    Given a configured handler
    But its configuration lacks "records_dir"
    When the handler starts
    Then it ends with 78 and one line that names "records_dir"

  Scenario: a storage directory that cannot be created
    Given a configured handler
    And its storage directory is to be made below a file
    When the handler starts
    Then it ends with 78 and one line that names "records_dir"

  # ---- asking

  Scenario: a host that sent a record is present
    Given a collector
    When a record is posted
    Then the answer is 200
    When the hosts are asked for
    Then the host "feature" is present

  # ---- storage

  Scenario: a storage directory that is not there yet is made
    Given a collector
    When a listing is posted
    Then the answer is 200
    And the storage directory is closed to others

  Scenario: a storage directory that exists is used, and what is in it stays
    Given a storage directory with the listing of a day that is past
    And a collector
    When a listing is posted
    Then the answer is 200
    And the count is 2
    And the listing of the day that is past is as it was

  # ---- tokens

  Scenario: the right token
    Given a collector
    When a listing is posted
    Then the answer is 200

  Scenario: a wrong token
    Given a collector
    When a listing is posted with the token "wrong"
    Then the answer is 401 and the reason "Unauthorized Access"
    And nothing is stored

  Scenario: no token
    Given a collector
    When a listing is posted without a token
    Then the answer is 401 and the reason "Unauthorized Access"
    And nothing is stored

  # ---- listings

  Scenario: receiving a listing
    Given a collector
    When a listing is posted
    Then the answer is 200 with the uuid and the timestamp of the listing
    And the data of the listing is stored, equal as JSON, under its uuid and timestamp

  Scenario: the same listing again
    Given a collector
    When a listing is posted
    And the same listing is posted again
    Then the answer is 200
    And the count is 1

  Scenario: another listing under the same uuid and timestamp
    Given a collector
    When a listing is posted
    And other data is posted under its uuid and timestamp
    Then the answer is 409
    And the data of the listing is stored, equal as JSON, under its uuid and timestamp

  Scenario: a uuid that would leave the directory
    Given a collector
    When a listing is posted with the uuid "../../x"
    Then the answer is 422
    And nothing is stored

  Scenario: a storage directory that cannot be written to
    Given a collector whose storage directory cannot be written to
    When a listing is posted
    Then the answer is 500 and the message names the file that could not be written

  Scenario: a disk that is full
    Given a collector whose disk is full
    When a listing is posted
    Then the answer is 507 and the message names the file that could not be written
    And nothing is stored

  # ---- count and latest

  Scenario: count and latest tell what is there
    Given a collector
    Then the count is 0
    And there is no latest listing
    When a listing is posted
    And a listing is posted with the uuid "second"
    Then the count is 2
    And the latest listing is that of the uuid "second"

  Scenario: count and latest are closed unless they are opened
    Given a collector as it is shipped
    When the count is asked for
    Then the answer is 403
